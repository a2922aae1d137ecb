"""Lists the buckets of MinIO by a token of Gatehouse, such as the access token that a Hub puts into the environment."""

import os
from urllib.parse import urlsplit

from minio import Minio
from minio.credentials import WebIdentityProvider

place = os.environ["MINIO_ENDPOINT"]
token = os.environ["ACCESS_TOKEN"]

# MinIO's keys are good for an hour. It takes a new token for new ones, so in place of this one hand over what gets one.
keys = WebIdentityProvider(jwt_provider_func=lambda: {"access_token": token, "expires_in": 3600}, sts_endpoint=place)
client = Minio(endpoint=urlsplit(place).netloc, secure=urlsplit(place).scheme == "https", credentials=keys)
print([bucket.name for bucket in client.list_buckets()])
