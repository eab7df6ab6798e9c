"""Did it help: campaigns with a control group, designed, read out, and learned from."""
