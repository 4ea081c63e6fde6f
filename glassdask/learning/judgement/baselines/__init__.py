"""What anybody would try first, beside every network: if one of these wins, the network has not earned its place."""
