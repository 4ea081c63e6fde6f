"""What a campaign is: its file, validated, and the states that it asks for."""
