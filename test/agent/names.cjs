// Preloaded beside the tap: sends TLS connections for the server names in OISP_DEMO_NAMES (`name,name`) to 127.0.0.1:OISP_DEMO_PORT, with their own
// SNI and Host, as an entry in /etc/hosts would.
'use strict';
const tls = require('node:tls');
const names = new Set((process.env.OISP_DEMO_NAMES ?? '').split(',').filter(Boolean));
const port = Number(process.env.OISP_DEMO_PORT);
if (names.size > 0 && port > 0) {
  const connect = tls.connect;
  tls.connect = function (options, ...rest) {
    const name = options?.servername || options?.host || options?.hostname;
    if (!names.has(name)) return connect.call(this, options, ...rest);
    const { path: _path, ...kept } = options;
    return connect.call(this, { ...kept, servername: name, host: '127.0.0.1', hostname: '127.0.0.1', port }, ...rest);
  };
}
