enum PlaceholderVismaNet {}
