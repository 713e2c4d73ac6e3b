"""Nodes by an Auto Scaling group of AWS that is there; boto3 is loaded only where such a provider is configured."""
