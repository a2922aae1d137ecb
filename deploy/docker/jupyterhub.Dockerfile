# A JupyterHub to try Gatehouse with: notebooks run inside this container, as its one user.
FROM python:3.13-slim-trixie
RUN apt-get update \
 && apt-get install -y --no-install-recommends nodejs npm \
 && npm install -g --ignore-scripts --no-audit --no-fund configurable-http-proxy@5 \
 && apt-get purge -y npm && apt-get autoremove -y && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --only-binary=:all: "jupyterhub==6.*" "oauthenticator==17.*" "jupyterlab==4.*" cryptography
RUN useradd --uid 1000 --create-home hub && install -d -o hub /srv/jupyterhub
COPY jupyterhub_config.py /etc/jupyterhub/
USER hub
WORKDIR /srv/jupyterhub
EXPOSE 8000
CMD ["jupyterhub", "-f", "/etc/jupyterhub/jupyterhub_config.py"]
