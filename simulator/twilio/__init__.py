"""The pretend Twilio and WhatsApp: messages, contents, callbacks, rules, and faults on demand."""
