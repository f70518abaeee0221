"""What a destination is made of: what they share, so that each says only what is its own."""
