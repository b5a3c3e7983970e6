"""Groups: their members and roles, invites, what members may see of each other, absences, and kudos."""
