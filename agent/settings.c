#include "agent/settings.h"

#include "agent/resolve.h"

static const char *const level_names[] = {"error", "warn", "info", "debug", NULL};

const char agent_settings_head[] =
	"Settings of soc-agent. `soc-agent check -c FILE` says what is wrong with a file; "
	"`soc-agent config` prints this one. Relative paths are relative to the folder of the "
	"file.";

#define UPLINK(member) offsetof(struct uplink_settings, member)
#define SPOOL(member)  offsetof(struct spool_settings, member)
#define TLS(member)    offsetof(struct tls_settings, member)
#define AT(member)     offsetof(struct agent_settings, member)

static const struct setting uplink_table[] = {
	{"collector", SETTING_TEXTS, UPLINK(collector), NULL, 1, 16,
		"Addresses of one collector, host:port, tried in turn.",
		.example = "[collector.example.vn:6514]"},
	{"name", SETTING_TEXT, UPLINK(name), "", 0, TLS_NAME_MAX - 1,
		"The collector's name in its certificate; empty accepts any collector of our "
		"CA."},
	{"connect-timeout", SETTING_DURATION, UPLINK(connect_ms), "10s", 100, 600000,
		"Time for the connection and its TLS handshake."},
	{"hello-timeout", SETTING_DURATION, UPLINK(hello_ms), "10s", 100, 600000,
		"Time for the collector to answer HELLO."},
	{"write-timeout", SETTING_DURATION, UPLINK(write_ms), "30s", 100, 600000,
		"Time for the collector to take what was written."},
	{"retry-first", SETTING_DURATION, UPLINK(retry_first_ms), "1s", 10, 600000,
		"The first wait after a connection failed; it doubles, with jitter."},
	{"retry-most", SETTING_DURATION, UPLINK(retry_most_ms), "1m", 10, 3600000,
		"The longest wait."},
	{0},
};

static const struct setting spool_table[] = {
	{"urgent-size", SETTING_BYTES, SPOOL(urgent_size), "64MiB", 1 << 20, UINT64_C(1) << 40,
		"Disk for findings, hits and the agent's own state."},
	{"bulk-size", SETTING_BYTES, SPOOL(bulk_size), "2GiB", 1 << 20, UINT64_C(1) << 44,
		"Disk for log records (compressed). When it is full, files wait; sockets drop, "
		"and declare it."},
	{"segment-size", SETTING_BYTES, SPOOL(segment_size), "16MiB", 64 << 10, 1 << 30,
		"Disk is given back in pieces of this size."},
	{0},
};

static const struct setting tls_table[] = {
	{"ca", SETTING_PATH, TLS(ca_file), "pki/ca.pem", 1, 0,
		"CA certificates (PEM) that the collector's certificate must lead to."},
	{"crl", SETTING_PATH, TLS(crl_file), "", 0, 0,
		"Revocation lists (PEM) of those CAs; empty is none. Read again when the file "
		"changes."},
	{"certificate", SETTING_PATH, TLS(cert_file), "pki/agent.pem", 1, 0,
		"The agent's certificate (PEM), then intermediates. It says who this host is."},
	{"key", SETTING_PATH, TLS(key_file), "pki/agent.key", 1, 0,
		"Its private key (PEM); readable by the agent's user only."},
	{0},
};

const struct setting agent_settings_table[] = {
	{"log-level", SETTING_CHOICE, AT(log_level), "info", 0, 0,
		"How much the program's own log says.", level_names, .live = true},
	{"state", SETTING_PATH, AT(state_dir), "/var/lib/soc-agent", 1, 512,
		"Folder for spool and bookmark."},
	{"drain-timeout", SETTING_DURATION, AT(drain_ms), "5s", 0, 600000,
		"At the end, time to send what is in the spool; the rest is sent after the "
		"next start.",
		.live = true},
	{"uplink", SETTING_SECTION, AT(uplink), NULL, 0, 0, "The way to the collector.",
		.table = uplink_table, .live = true},
	{"tls", SETTING_SECTION, AT(tls), NULL, 0, 0, "Certificates; read again on SIGHUP.",
		.table = tls_table, .live = true},
	{"spool", SETTING_SECTION, AT(spool), NULL, 0, 0,
		"What was read and is not acknowledged yet. Changes need a restart.",
		.table = spool_table},
	{"files", SETTING_SECTION, AT(files), NULL, 0, 0, "Log files.",
		.table = files_settings_table, .live = true},
	{"journal", SETTING_SECTION, AT(journal), NULL, 0, 0, "Journals of systemd.",
		.table = journals_settings_table, .live = true},
	{"syslog", SETTING_SECTION, AT(syslog), NULL, 0, 0, "Local log sockets.",
		.table = syslog_settings_table, .live = true},
	{"inventory", SETTING_SECTION, AT(inventory), NULL, 0, 0, "What this host is.",
		.table = inventory_settings_table, .live = true},
	{"yara", SETTING_SECTION, AT(yara), NULL, 0, 0, "Scans of files with YARA rules.",
		.table = yara_settings_table, .live = true},
	{0},
};

static void add_mistake(struct strbuf *mistakes, struct pos at, const struct err *wrong)
{
	struct err err;

	err_at(&err, at, "%s", wrong->text);
	strbuf_add_str(mistakes, err.text);
	strbuf_add_byte(mistakes, '\n');
}

static void check_addresses(
	const struct conf *conf, const struct uplink_settings *uplink, struct strbuf *mistakes)
{
	struct slice host, port;
	struct err err;

	for (size_t i = 0; i < uplink->collector.n; i++)
		if (!address_split(uplink->collector.items[i], &host, &port, &err))
			add_mistake(mistakes, conf_at(conf, &uplink->collector), &err);
	if (uplink->retry_first_ms > uplink->retry_most_ms) {
		err_set(&err, "'retry-first' is longer than 'retry-most'");
		add_mistake(mistakes, conf_at(conf, &uplink->retry_first_ms), &err);
	}
}

static void check_files(
	const struct conf *conf, const struct files_settings *files, struct strbuf *mistakes)
{
	const struct file_settings *groups = files->groups.items;
	struct err err;

	for (size_t i = 0; i < files->groups.n; i++)
		if (!file_settings_check(&groups[i], &err))
			add_mistake(mistakes, conf_at(conf, &groups[i].paths), &err);
}

static void check_journals(const struct conf *conf, const struct journals_settings *settings,
	struct strbuf *mistakes)
{
	const struct journal_settings *journals = settings->journals.items;
	struct err err;

	for (size_t i = 0; i < settings->journals.n; i++)
		if (!journal_settings_check(settings, i, &err))
			add_mistake(mistakes, conf_at(conf, &journals[i].name), &err);
}

static void check_sockets(const struct conf *conf, const struct syslog_settings *settings,
	struct strbuf *mistakes)
{
	const struct syslog_socket_settings *sockets = settings->sockets.items;
	struct err err;

	for (size_t i = 0; i < settings->sockets.n; i++)
		if (!syslog_settings_check(&sockets[i], &err))
			add_mistake(mistakes,
				conf_at(conf, sockets[i].udp[0] != '\0' ? &sockets[i].udp
									: &sockets[i].path),
				&err);
}

static void check_scans(
	const struct conf *conf, const struct yara_settings *settings, struct strbuf *mistakes)
{
	const struct yara_scan_settings *scans = settings->scans.items;
	struct err err;

	for (size_t i = 0; i < settings->scans.n; i++)
		if (!yara_settings_check(settings, i, &err))
			add_mistake(mistakes, conf_at(conf, &scans[i].name), &err);
}

struct conf *agent_settings_load(
	const char *path, struct agent_settings *settings, struct strbuf *mistakes)
{
	size_t before = mistakes->len;

	*settings = (struct agent_settings){0};
	struct conf *conf = conf_load(path, agent_settings_table, settings, mistakes);
	if (conf == NULL)
		return NULL;
	check_addresses(conf, &settings->uplink, mistakes);
	check_files(conf, &settings->files, mistakes);
	check_journals(conf, &settings->journal, mistakes);
	check_sockets(conf, &settings->syslog, mistakes);
	check_scans(conf, &settings->yara, mistakes);
	if (mistakes->len == before)
		return conf;
	conf_free(conf);
	return NULL;
}
