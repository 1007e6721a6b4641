// Texts that the walks use.

/** A scan_agent.yaml as an administrator would send it. */
export const YAML = `# scan agent at the depot
api_url: https://ipam.example.net
client_name: fieldscan
client_token: "s3cret-of-the-app"
scanagent_code: kx72-depot-01   # from Administration, Scan agents
http_server: https://scan.example.net
http_port: 8443
auth_token: s3cret-of-the-server
cache_expire_time: 86400
epoch_time_offset: 3
nmap_arguments: -T4
`;
