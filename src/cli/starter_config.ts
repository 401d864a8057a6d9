/** What `fanout init` writes: it runs as it is, without a network, and shows where to go on. */
export const starterConfig = `# yaml-language-server: $schema=./config.schema.json
# A starter config for fanout. Run it:      fanout run fanout.yaml
# See what it would do:                     fanout plan fanout.yaml
# Let your editor help:                     fanout schema > config.schema.json
version: 1
name: starter

# Values from outside:  fanout run fanout.yaml --set greeting=Hi
params:
  greeting: { default: Hello, description: "What to say." }

# Secrets are read when the run starts and masked in everything fanout writes.
# secrets:
#   apiToken: { env: API_TOKEN }

run:
  concurrency: 32        # attempts at a time, over all targets
  timeout: 10m           # the whole run
  # maxFailures: 5%      # stop when more than this fails; without it nothing stops

# A target is a pool: what it protects, and how hard it may be pushed.
targets:
  shell:
    concurrency: cpus    # one subprocess per CPU
    timeout: 30s
  # api:
  #   http:
  #     baseUrl: https://api.example.com/v1
  #     headers: { authorization: "Bearer \${{ secrets.apiToken }}" }
  #   concurrency: 16
  #   timeout: { attempt: 10s, connect: 3s }
  #   retry: { attempts: 4, backoff: { initial: 200ms, max: 20s } }

tasks:
  # One subprocess for each name; no shell takes part, so names may contain anything.
  greet:
    foreach: { values: "['Ada', 'Grace', 'Barbara O\\\\'Hara']", as: name }
    key: "\${{ name }}"
    target: shell
    exec: { command: [echo, "\${{ params.greeting }}, \${{ name }}!"] }
    expect: ["stdout.startsWith(params.greeting)"]

  # Every combination of the lists.
  combinations:
    matrix: { size: [64, 256], format: [webp, png] }
    target: shell
    exec: { command: [echo, "\${{ matrix.size }}", "\${{ matrix.format }}"] }

  # Reads files a few at a time and keeps their SHA-256 in the report.
  checksums:
    foreach: { glob: "*.yaml" }
    file: { path: "\${{ item }}", maxBytes: 1MB }

  # users:
  #   target: api
  #   foreach: { csv: users.csv }          # items are objects of text: item.id, item.name
  #   http: { url: "/users/\${{ item.id }}" }
  #   expect: ["json.active == true"]
  #   save: "out/\${{ item.id }}.json"
`;
