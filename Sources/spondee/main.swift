print("spondee")
