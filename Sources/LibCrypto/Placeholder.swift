enum PlaceholderCrypto {}
