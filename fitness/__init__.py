"""Pure arithmetic about sport and time. It uses no database and no clock, and imports no other folder
of this project.
"""
