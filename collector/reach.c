#include "collector/reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "collector/enrich/settings.h"
#include "common/file.h"
#include "common/log.h"
#include "common/sandbox.h"

enum { FOLDERS_MAX = 4096 };

/* Read while it runs: names of hosts, certificates and modules of libraries, the time zone, the
 * number of processors. A resolv.conf that is a link lies in one of the folders below /run. */
static const char *const of_the_system[] = {
	"/etc",
	"/usr",
	"/lib",
	"/lib64",
	"/proc",
	"/dev/null",
	"/dev/random",
	"/dev/urandom",
	"/sys/devices/system",
	"/run/NetworkManager",
	"/run/resolvconf",
	"/run/systemd/resolve",
};

struct folders {
	char *paths[FOLDERS_MAX];
	size_t n;
};

static void add(struct folders *folders, const char *path)
{
	if (path[0] == '\0' || folders->n == FOLDERS_MAX)
		return;
	folders->paths[folders->n] = strdup(path);
	if (folders->paths[folders->n++] == NULL)
		abort();
}

static void add_folder_of(struct folders *folders, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];

	if (path[0] == '\0')
		return;
	snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) : 1,
		slash != NULL ? path : ".");
	add(folders, folder[0] != '\0' ? folder : "/");
}

/* A folder, or a file that is replaced by renaming. */
static void add_either(struct folders *folders, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		add(folders, path);
	else
		add_folder_of(folders, path);
}

static void done(struct folders *folders)
{
	while (folders->n > 0)
		free(folders->paths[--folders->n]);
}

static void add_folders_of_listeners(
	struct folders *folders, const struct sender_settings *settings)
{
	const struct written_listener *listeners = settings->listeners.items;
	const struct written_subscription *subscriptions = settings->subscriptions.items;

	for (size_t i = 0; i < settings->listeners.n; i++) {
		add_folder_of(folders, listeners[i].ca);
		add_folder_of(folders, listeners[i].crl);
		add_folder_of(folders, listeners[i].certificate);
		add_folder_of(folders, listeners[i].key);
	}
	for (size_t i = 0; i < settings->subscriptions.n; i++)
		add_folder_of(folders, subscriptions[i].query);
}

static void add_folder_of_enrichment(void *user, const char *path)
{
	add_folder_of(user, path);
}

static void gather_lists(struct folders *folders, const struct indicators_settings *settings)
{
	const struct indicator_list *lists = settings->lists.items;

	for (size_t i = 0; i < settings->lists.n; i++)
		add_either(folders, lists[i].path);
	for (size_t i = 0; i < settings->warning_lists.n; i++)
		add_either(folders, settings->warning_lists.items[i]);
	add_folder_of(folders, settings->public_suffixes);
}

static void gather_read(
	struct folders *folders, const char *config, const struct collector_settings *settings)
{
	const struct kafka_settings *kafka = &settings->forward.kafka;
	const char *const files[] = {config, settings->agencies, settings->masking,
		settings->enrich, settings->ingest.ca, settings->ingest.crl,
		settings->ingest.certificate, settings->ingest.key, kafka->ca,
		kafka->certificate, kafka->key, kafka->sasl_password_file};

	for (size_t i = 0; i < ARRAY_LEN(of_the_system); i++)
		add(folders, of_the_system[i]);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		add_folder_of(folders, files[i]);
	add_folders_of_listeners(folders, &settings->ingest.syslog);
	enrich_settings_paths(settings->enrich, add_folder_of_enrichment, folders);
	add(folders, settings->national);
	add(folders, settings->parsers);
	add(folders, settings->sigma);
	gather_lists(folders, &settings->indicators);
	for (size_t i = 0; i < settings->roles.ingest.readable.n; i++)
		add(folders, settings->roles.ingest.readable.items[i]);
}

static void gather_write(struct folders *folders, const struct collector_settings *settings)
{
	add(folders, settings->store.dir);
	add(folders, settings->derive.dir);
	add_folder_of(folders, settings->control);
	if (sender_settings_speak(&settings->ingest.syslog, PROTOCOL_WEF))
		add_folder_of(folders, settings->ingest.syslog.forwarders);
	if (forward_writes_files(&settings->forward))
		add(folders, settings->forward.file.dir);
}

static bool make_folders(const struct collector_settings *settings, struct err *err)
{
	return file_make_dirs(settings->store.dir, 0700, err) &&
	       file_make_dirs(settings->derive.dir, 0700, err) &&
	       (!forward_writes_files(&settings->forward) ||
		       file_make_dirs(settings->forward.file.dir, 0750, err));
}

static void log_missing(unsigned missing)
{
	for (unsigned i = 0; i < SANDBOX_PARTS; i++) {
		if (missing & 1U << i)
			log_warn("ingest.confined", "missing=%s, this kernel does not give it",
				sandbox_part_name(1U << i));
	}
	if (missing == 0)
		log_info("ingest.confined", "landlock=on seccomp=on");
}

bool reach_confine(
	const char *config, const struct collector_settings *settings, struct err *err)
{
	struct folders read = {0}, write = {0};

	if (!make_folders(settings, err))
		return false;
	setenv("SQLITE_TMPDIR", settings->derive.dir, 1); /* /tmp is out of reach */
	if (!settings->roles.ingest.confined) {
		log_warn("ingest.confined", "roles.ingest.confined=false");
		return true;
	}
	gather_read(&read, config, settings);
	gather_write(&write, settings);
	log_missing(
		sandbox_enter_service(&(struct landlock_reach){(const char *const *)read.paths,
			read.n, (const char *const *)write.paths, write.n}));
	done(&read);
	done(&write);
	return true;
}
