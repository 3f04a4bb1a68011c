"""The gateway: takes sound in, gives the feed out, answers every request of a person."""
