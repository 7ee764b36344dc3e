#!/bin/sh
# The image's own start writes its configuration below /etc, which is read-only here; the template is the image's.
set -eu
BIND_ON_IP="$(hostname -i | cut -d ' ' -f 1)"
export BIND_ON_IP
mkdir -p /tmp/config
dockerize -template /etc/temporal/config/config_template.yaml:/tmp/config/docker.yaml
exec temporal-server --root /tmp --env docker start
