# Leaves the preview server running and waits until it says where it listens.
setsid node scripts/preview.mjs > preview.log 2>&1 < /dev/null &
echo $! > preview.pid
until [ -s preview.url ]; do sleep 0.05; done
echo "preview on $(cat preview.url)"
