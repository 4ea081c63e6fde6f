"""One file a family of formats: frames as they are stored, by number, without holding the file in memory."""
