# Runs the image $2 with the engine $1 (podman or docker) as its administrator would: sets it up, creates a session,
# stops it in order, and starts it again on its volume. It can write to nothing but that.
set -eux
command -v curl >&2

engine=$1
image=$2
name=vouchkey-trial-$$
work=$(mktemp -d)
finish() {
    "$engine" logs "$name" || true
    "$engine" rm --force "$name" || true
    "$engine" volume rm "$name" || true
    rm -r "$work"
}
trap 'finish >&2' EXIT

# Podman would lay folders for temporary files over a root that is read-only; Docker does not.
strict=
if [ "$engine" = podman ]; then strict=--read-only-tmpfs=false; fi
"$engine" run --detach --name "$name" --read-only $strict --cap-drop ALL --security-opt no-new-privileges \
    --stop-timeout 130 --volume "$name:/var/lib/vouchkey" --publish 127.0.0.1::8080 "$image"

# The engine picks the port, anew at each start.
wait_until_ready() {
    for _ in $(seq 300); do
        test "$("$engine" inspect --format '{{.State.Running}}' "$name")" = true
        server=http://$("$engine" port "$name" 8080/tcp | head -n 1)
        if curl --silent --fail --output "$work/ready" "$server/readyz"; then return; fi
        sleep 0.2
    done
    exit 1
}
wait_until_ready

"$engine" exec "$name" vouchkey init --owner owner@example.com --json >"$work/init"
grep -q '"sign_in_url"' "$work/init"
"$engine" exec "$name" vouchkey keys create --environment sandbox --label Trial --json >"$work/key"
sed -n 's/.*"secret": *"\([^"]*\)".*/header = "Authorization: Bearer \1"/p' "$work/key" >"$work/curl"
# With the key from a file, neither this trace nor `ps` shows it.
status() { curl --silent --config "$work/curl" --write-out '%{http_code}' --output "$work/answer" "$@"; }
test "$(status --header 'Content-Type: application/json' --data '{"country":"DE"}' "$server/api/v1/sessions")" = 201
session=$(grep -o 'ses_[0-9a-z]*' "$work/answer" | head -n 1)

# All that the volume has is private, and of the image's user.
"$engine" cp "$name:/var/lib/vouchkey" - >"$work/volume.tar"
tar --list --verbose --numeric-owner --file "$work/volume.tar" >"$work/files"
grep -E '^drwx------ 65532/65532 ' "$work/files"
grep -E '^-rw------- 65532/65532 .*/root\.key$' "$work/files"
if grep -vE '^(drwx------|-rw-------) 65532/65532 ' "$work/files"; then exit 1; fi

if "$engine" exec "$name" /bin/sh -c true; then exit 1; fi

"$engine" stop "$name"
test "$("$engine" inspect --format '{{.State.ExitCode}}' "$name")" = 0
"$engine" start "$name"
wait_until_ready
test "$(status "$server/api/v1/sessions/$session")" = 200
"$engine" exec "$name" vouchkey doctor
