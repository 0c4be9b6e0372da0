# Installs the Debian package given as $1 in a copy of this machine that nothing outside sees, uses it as its
# administrator would, removes it and purges it. Run by `unshare --mount` as root.
set -eux

work=$(mktemp -d)
mount -t tmpfs none "$work"
mkdir "$work/upper" "$work/work" "$work/machine"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/machine"
mount --rbind /dev "$work/machine/dev"
mount -t proc proc "$work/machine/proc"
cp "$1" "$work/machine/vouchkey.deb"

# Inside, everything that fails ends the test.
chroot "$work/machine" /bin/sh -eux <<'INSIDE'
export DEBIAN_FRONTEND=noninteractive HOME=/root
owner() { stat -c '%A %U:%G' "$1"; }
as_service='setpriv --reuid=vouchkey --regid=vouchkey --clear-groups env -i PATH=/usr/bin:/bin
    VOUCHKEY_DATA=/var/lib/vouchkey VOUCHKEY_CONFIG=/etc/vouchkey/vouchkey.toml'

dpkg --install /vouchkey.deb
dpkg --verify vouchkey
test "$(owner /var/lib/vouchkey)" = 'drwx------ vouchkey:vouchkey'
test "$(owner /etc/vouchkey/vouchkey.toml)" = '-rw-r----- root:vouchkey'
test "$(getent passwd vouchkey | cut -d: -f7)" = /usr/sbin/nologin
test -s /usr/share/man/man1/vouchkey-serve.1.gz

# A secret in the settings file is taken from root, and the service cannot change it.
echo 'smtp_url = "smtp://user:canary@127.0.0.1:2525"' >>/etc/vouchkey/vouchkey.toml
echo 'mail_from = "verify@example.com"' >>/etc/vouchkey/vouchkey.toml
$as_service vouchkey check-config >/tmp/settings
grep -q '^smtp_url .*//user:[*]*@127' /tmp/settings
if grep -q canary /tmp/settings; then exit 1; fi
if $as_service sh -c 'echo >>/etc/vouchkey/vouchkey.toml'; then exit 1; fi

$as_service vouchkey init --owner owner@example.com --json >/tmp/init
grep -q '"sign_in_url"' /tmp/init
$as_service vouchkey serve --listen 127.0.0.1:0 >/tmp/printed 2>/tmp/log &
server=$!
until grep -q '^listening on ' /tmp/printed; do kill -0 $server && sleep 0.1; done
kill -TERM $server
wait $server
test "$(owner /var/lib/vouchkey/root.key)" = '-rw------- vouchkey:vouchkey'

# The same version again is an upgrade: settings that were changed stay.
dpkg --force-confold --install /vouchkey.deb
grep -q canary /etc/vouchkey/vouchkey.toml
$as_service vouchkey keys list --json >/tmp/keys

dpkg --remove vouchkey
test ! -e /usr/bin/vouchkey
test -s /var/lib/vouchkey/root.key
test -s /etc/vouchkey/vouchkey.toml
dpkg --purge vouchkey
test ! -e /etc/vouchkey/vouchkey.toml
test -s /var/lib/vouchkey/root.key
test -s /var/lib/vouchkey/vouchkey.db
INSIDE
