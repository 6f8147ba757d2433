import Hummingbird
func placeholderWeb() -> Router<BasicRequestContext> { Router() }
