"""`agnews bulk`: whole files in S3 through the state machine in Step Functions."""
