enum PlaceholderSync {}
