"""What experiments compute with torch, a file each."""
