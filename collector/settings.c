#include "collector/settings.h"

#include <stdio.h>

#include "collector/ingest/senders/senders.h"
#include "collector/ingest/wef/wef_subscriptions.h"
#include "collector/normalize/own/folder.h"

static const char *const level_names[] = {"error", "warn", "info", "debug", NULL};

const char collector_settings_head[] = "Settings of soc-collector. `soc-collector check -c "
				       "FILE` says what is wrong with a file; "
				       "`soc-collector config` prints this one. Relative paths "
				       "are relative to the folder of the "
				       "file.";

#define AT(member) offsetof(struct collector_settings, member)

const struct setting collector_settings_table[] = {
	{"log-level", SETTING_CHOICE, AT(log_level), "info", 0, 0,
		"How much the program's own log says.", level_names, .live = true},
	{"agencies", SETTING_PATH, AT(agencies), "agencies.yaml", 0, 0,
		"The register of agencies, systems and levels; read again on SIGHUP.",
		.live = true},
	{"national", SETTING_PATH, AT(national), "national", 0, 0,
		"Folder with the national profile, code tables, dictionary and schemas.",
		.live = true},
	{"masking", SETTING_PATH, AT(masking), "masking.yaml", 0, 0,
		"What is masked before a record is stored.", .live = true},
	{"enrich", SETTING_PATH, AT(enrich), "enrich.yaml", 0, 0,
		"What is added to records: the network plan, where addresses are.",
		.live = true},
	{"parsers", SETTING_PATH, AT(parsers), "parsers", 0, 0,
		"Folder of own formats, NAME.yaml each (parsers/README.md); read again on "
		"SIGHUP. A file with mistakes harms no other. No folder: no own formats.",
		.live = true},
	{"sigma", SETTING_PATH, AT(sigma), "sigma", 0, 0,
		"Folder of Sigma rules (rules/ in it, with folders) and of how they call "
		"things "
		"(pipelines/; sigma/README.md); read again on SIGHUP. A rule with mistakes "
		"harms no other: `soc-collector detect --rules sigma/rules --list` names it. "
		"No folder: no rules.",
		.live = true},
	{"sigma-rule-time", SETTING_DURATION, AT(sigma_cost_ms), "6s", 0, 3600000,
		"CPU time that one Sigma rule may take in a minute, by samples; a rule that "
		"takes "
		"more is off until rules that changed are read, which is a finding "
		"(sigma-rule-off). 0: any."},
	{"control", SETTING_PATH, AT(control), "/run/soc-collector/control.sock", 1, 100,
		"Local socket soc-ctl asks."},
	{"presence", SETTING_DURATION, AT(presence_ms), "5m", 1000, 86400000,
		"How often each connected agent is noted in the log as present."},
	{"stop-timeout", SETTING_DURATION, AT(stop_ms), "30s", 1000, 600000,
		"A role that was told to stop and has not after this time is killed; nothing "
		"acknowledged is lost by it."},
	{"silent-timeout", SETTING_DURATION, AT(silent_ms), "2m", 5000, 3600000,
		"A role that gives no sign of life for so long, or one of whose threads "
		"neither works nor waits for work, is killed and started again; nothing "
		"acknowledged is lost by it. A change needs a restart."},
	{"start-timeout", SETTING_DURATION, AT(start_ms), "30m", 1000, 86400000,
		"A role that is not ready so long after it was started (it reads its store "
		"first) is told of in the log, again each time as much has passed, and the "
		"service manager's watchdog hears nothing until it is. A change needs a "
		"restart."},
	{"roles", SETTING_SECTION, AT(roles), NULL, 0, 0,
		"The processes of the collector and what they may do. Changes need a restart.",
		.table = roles_settings_table},
	{"ingest", SETTING_SECTION, AT(ingest), NULL, 0, 0, "Receiving from agents.",
		.table = ingest_settings_table},
	{"store", SETTING_SECTION, AT(store), NULL, 0, 0, "Keeping records.",
		.table = store_settings_table},
	{"indicators", SETTING_SECTION, AT(indicators), NULL, 0, 0,
		"Lists of addresses, domains, URLs, hashes and mail addresses that lines are "
		"held "
		"against; read again on SIGHUP.",
		.table = indicators_settings_table, .live = true},
	{"derive", SETTING_SECTION, AT(derive), NULL, 0, 0, "Counting and correlating.",
		.table = derive_settings_table},
	{"forward", SETTING_SECTION, AT(forward), NULL, 0, 0, "Sending national messages.",
		.table = forward_settings_table},
	{"signer", SETTING_SECTION, AT(signer), NULL, 0, 0,
		"Keys that sign national messages; held by a process of their own.",
		.table = signer_settings_table, .live = true},
	{0},
};

/* An own format whose file has mistakes is one all the same: it has lines to come back to. */
static void check_format(const struct conf *conf, const char *folder, const char *const *format,
	struct mistakes *mistakes)
{
	if ((*format)[0] != '\0' && parser_by_name(slice_str(*format)) == NULL &&
		!own_formats_have_file(folder, slice_str(*format)))
		mistake_add(mistakes, conf_at(conf, format),
			"there is no parser %s; `soc-collector normalize --list` names those "
			"built in, and %s has no such file",
			MISTAKE_TEXT(slice_str(*format)), folder);
}

static void check_formats(const struct conf *conf, const char *folder,
	const struct sender_settings *settings, struct mistakes *mistakes)
{
	const struct written_listener *listeners = settings->listeners.items;
	const struct written_sender *senders = settings->senders.items;

	for (size_t i = 0; i < settings->listeners.n; i++)
		check_format(conf, folder, &listeners[i].format, mistakes);
	for (size_t i = 0; i < settings->senders.n; i++)
		check_format(conf, folder, &senders[i].format, mistakes);
}

/* What no table says. */
static bool check(const char *path, const struct conf *conf,
	const struct collector_settings *settings, struct strbuf *out)
{
	struct mistakes mistakes = mistakes_into(out, path);

	sender_settings_check(conf, &settings->ingest.syslog, &mistakes);
	wef_settings_check(conf, &settings->ingest.syslog, &mistakes);
	check_formats(conf, settings->parsers, &settings->ingest.syslog, &mistakes);
	derive_settings_check(conf, &settings->derive, &mistakes);
	forward_settings_check(conf, &settings->forward, &mistakes);
	signer_settings_check(conf, &settings->signer, &mistakes);
	return mistakes_end(&mistakes);
}

struct conf *collector_settings_load(const char *path, struct collector_settings *settings)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);

	*settings = (struct collector_settings){0};
	struct conf *conf = conf_load(path, collector_settings_table, settings, &mistakes);
	if (conf != NULL && !check(path, conf, settings, &mistakes)) {
		conf_free(conf);
		conf = NULL;
	}
	if (conf == NULL)
		fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&mistakes);
	return conf;
}
