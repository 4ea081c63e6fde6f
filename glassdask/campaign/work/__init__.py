"""What is to be done: stages of a state, their execution, requests, what is left."""
