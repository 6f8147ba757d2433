import GRDB
func placeholder() -> Configuration { Configuration() }
