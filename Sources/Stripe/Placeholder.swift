enum PlaceholderStripe {}
