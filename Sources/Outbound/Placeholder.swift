import AsyncHTTPClient
func placeholder() -> HTTPClient.Configuration { HTTPClient.Configuration() }
