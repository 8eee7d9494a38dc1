#include "collector/derive/derive.h"
#include "collector/derive/weekly.h"
#include "common/conf.h"
#include "common/mistakes.h"
#include "common/setting.h"

#define AT(member) offsetof(struct derive_settings, member)

enum { DAY_MS = 24 * 3600 * 1000 };

/* In the order of enum sigma_level. */
static const char *const finding_levels[] = {
	"informational", "low", "medium", "high", "critical", NULL};

const struct setting derive_settings_table[] = {
	{"dir", SETTING_PATH, AT(dir), "/var/lib/soc-collector/derive", 0, 0,
		"Folder of derive.db: statistics, correlation and the outbox of national "
		"messages."},
	{"step", SETTING_DURATION, AT(step_ms), "500ms", 10, 60000,
		"How long stored records may wait before they are counted; a step is one "
		"transaction."},
	{"publish", SETTING_DURATION, AT(publish_ms), "5s", 100, 600000,
		"How often it is looked whether a window is to be published."},
	{"watermark", SETTING_DURATION, AT(watermark_ms), "2m", 0, DAY_MS,
		"A window is complete so long after its end, by the collector's clock."},
	{"ahead", SETTING_DURATION, AT(ahead_ms), "5m", 0, DAY_MS,
		"A record stamped further ahead of the time it was received is late: it is "
		"counted when it was received."},
	{"back", SETTING_DURATION, AT(back_ms), "72h", 1000, UINT64_C(90) * DAY_MS,
		"The same for a stamp further back."},
	{"republish", SETTING_DURATION, AT(republish_ms), "15m", 0, DAY_MS,
		"A window that changed after it was published is published again at most so "
		"often."},
	{"brute-force-count", SETTING_COUNT, AT(brute_force_count), "10", 2, 10000,
		"Failed log-ins of one address at one host, or of one user where no address is "
		"known, whatever they log in to ..."},
	{"brute-force-window", SETTING_DURATION, AT(brute_force_ms), "5m", 1000, DAY_MS,
		"... within this time are a finding of class unauthorized-access. What one "
		"program says of one action is counted by itself, so that an attempt that two "
		"lines tell of is one. A log-in that succeeds within the hour is another."},
	{"findings-most", SETTING_COUNT, AT(findings_most), "60", 1, 10000,
		"Findings of one rule at one host within an hour; further ones are held back, "
		"and the next that passes says how many."},
	{"finding-level", SETTING_CHOICE, AT(finding_level), "high", 0, 0,
		"The least level of a Sigma rule whose match is a finding; matches of others "
		"are marked on their records and count in correlations alone. A SOC begins "
		"with "
		"high, and takes medium when that is quiet.",
		finding_levels},
	{"spread-agencies", SETTING_COUNT, AT(spread_agencies), "3", 2, 1000,
		"The same rule (of severity high or above), public address or file hash found "
		"in so "
		"many agencies within an hour is a finding of its own."},
	{"correlation-memory", SETTING_BYTES, AT(correlation_bytes), "16MiB", 65536, 256 << 20,
		"Memory for who is being watched, about 100 bytes for each address at a host. "
		"When it is used up, the agency with most of them forgets those that were "
		"quiet longest, which is counted (derive.correlation_evicted)."},
	{"sigma-correlation-memory", SETTING_BYTES, AT(sigma_correlation_bytes), "64MiB", 65536,
		UINT64_C(4) << 30,
		"The same for groups of Sigma correlation rules, some 300 bytes for each and "
		"more for what it counts (derive.sigma_evicted)."},
	{"correlation-save", SETTING_DURATION, AT(correlation_ms), "30s", 0, 3600000,
		"How often that memory is saved; after a restart so much of the log is read "
		"again."},
	{"malware-most", SETTING_COUNT, AT(malware_most), "1000", 1, 1000000,
		"Findings of malware that one host reports within an hour and that are listed "
		"by name and file; further ones are counted without "
		"(derive.malware_unlisted)."},
	{"details-kept", SETTING_DURATION, AT(details_kept_ms), "7d", 0, UINT64_C(400) * DAY_MS,
		"Counts of five minutes, and what stands beside them, are kept so long, and at "
		"least two days longer than 'back'; then each day of them becomes daily "
		"counts."},
	{"messages-kept", SETTING_DURATION, AT(messages_kept_ms), "35d", 0,
		UINT64_C(400) * DAY_MS,
		"National messages that were sent are kept so long, and at least as long as "
		"the details: a recount can compare so far back."},
	{"days-kept", SETTING_DURATION, AT(days_kept_ms), "1826d", 0, UINT64_C(40000) * DAY_MS,
		"Daily counts are kept so long: five years."},
	{"sources-most", SETTING_COUNT, AT(sources_most), "20000", 1, 1000000,
		"Sources of lines (a file or an address of a host) whose quality is watched "
		"one by one, about 2 KiB of memory and as much of derive.db each. No agency "
		"has more of them than are left for all others: alone it has half. Further "
		"ones are counted together (derive.sources_unnamed), which the log says of "
		"each agency."},
	{"sources-kept", SETTING_DURATION, AT(sources_kept_ms), "35d", UINT64_C(9) * DAY_MS,
		UINT64_C(400) * DAY_MS,
		"A source that was not heard for so long is forgotten."},
	{"clock-wrong", SETTING_DURATION, AT(clock_wrong_ms), "2m", 0, UINT64_C(20) * DAY_MS,
		"A source whose stamps are off by more than this, for three hours in a row and "
		"equally far, is a finding (source-clock); 0 = never."},
	{"silence-least", SETTING_DURATION, AT(silence_least_ms), "5m", 15000, DAY_MS,
		"A source that is silent longer than it ever was at that time of the week is a "
		"finding (source-silent), but for no silence shorter than this ..."},
	{"silence-lines", SETTING_COUNT, AT(silence_lines), "12", 3, 1000000,
		"... and in which fewer lines than this were to be expected."},
	{"holidays", SETTING_TEXTS, AT(holidays),
		"[01-01, 04-30, 05-01, 09-01, 09-02, 2026-02-16, 2026-02-17, 2026-02-18, "
		"2026-02-19, 2026-02-20, 2026-04-26, 2026-04-27, 2027-02-05, 2027-02-06, "
		"2027-02-07, 2027-02-08, 2027-02-09, 2027-04-16]",
		0, HOLIDAYS_MAX,
		"Public holidays, on which what is silent on Sundays may be silent: 09-02 in "
		"every year, 2027-02-06 in that one. Complete it once a year, when the days of "
		"Tet and the days off in lieu are announced."},
	{"alert-window", SETTING_DURATION, AT(alert_window_ms), "24h", 60000,
		UINT64_C(30) * DAY_MS,
		"Findings of one rule about one address, user or file at one host are one "
		"alert, while no more than this lies between one and the next."},
	{"alert-reopen", SETTING_DURATION, AT(alert_reopen_ms), "7d", 0, UINT64_C(400) * DAY_MS,
		"An alert that was closed opens again when another finding comes within this "
		"time of its last; its verdict is kept."},
	{"alert-raise", SETTING_COUNT, AT(alert_raise), "100", 0, 1000000,
		"So many findings make an alert a grade graver, ten times as many another, "
		"high at most; 0 = never."},
	{"alerts-of-rule", SETTING_COUNT, AT(alerts_of_rule), "200", 1, 100000,
		"Alerts of one rule at one host that are open at a time, critical ones counted "
		"by "
		"themselves; findings beyond are one alert of rule and agency whose subject is "
		"* "
		"(derive.alerts_grouped)."},
	{"alerts-most", SETTING_COUNT, AT(alerts_most), "20000", 100, 1000000,
		"Alerts that are kept, up to some 20 KiB of derive.db each; a quarter for "
		"critical "
		"ones alone, a quarter at most for one agency. Suppressed ones, then the one "
		"closed "
		"first, give way (derive.alerts_forgotten); one that is open never does."},
	{"learning", SETTING_DURATION, AT(learning_ms), "14d", 0, UINT64_C(400) * DAY_MS,
		"Learning mode: for so long after the first finding alerts are made and "
		"nobody is notified."},
	{"alert-budget", SETTING_COUNT, AT(alert_budget), "50", 1, 100000,
		"Alerts an analyst can look at in a day; `soc-ctl alerts summary` says when "
		"there were more ..."},
	{"analysts", SETTING_COUNT, AT(analysts), "2", 1, 10000, "... for so many analysts."},
	{"waiting-warn", SETTING_COUNT, AT(waiting_warn), "100000", 0, 1000000000,
		"Messages that were not sent are kept until they are. More than this of one "
		"type are a warning once an hour; 0 = never."},
	{"waiting-warn-age", SETTING_DURATION, AT(waiting_warn_ms), "6h", 0,
		UINT64_C(400) * DAY_MS,
		"A message that waits longer is a warning too; 0 = never."},
	{0},
};

void derive_settings_check(const struct conf *conf, const struct derive_settings *settings,
	struct mistakes *mistakes)
{
	for (size_t i = 0; i < settings->holidays.n; i++) {
		const struct slice day = slice_str(settings->holidays.items[i]);

		if (!holiday_is_day(day))
			mistake_add(mistakes, conf_at(conf, &settings->holidays),
				"%s is no day: write 09-02 (every year) or 2027-02-06",
				MISTAKE_TEXT(day));
	}
}
