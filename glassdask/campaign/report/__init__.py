"""What a campaign's files say of its states, costs and versions."""
