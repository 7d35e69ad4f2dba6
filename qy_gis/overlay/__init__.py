"""How much of what: the area of every parcel in every zone."""
