#include "collector/derive/statements.h"

#include "collector/derive/statistics.h"

/* As window_item() spells it. */
#define ITEM                                                                                   \
	"CASE kind WHEN 0 THEN '5m/' WHEN 1 THEN '1h/' ELSE '1d/' END ||"                      \
	" strftime('%Y-%m-%dT%H:%M:%SZ', start, 'unixepoch')"

/* A clock that was ahead once holds nothing until then. */
#define IS_HELD(now)                                                                           \
	"EXISTS (SELECT 1 FROM held WHERE type = 'statistics' AND item = " ITEM                \
	" AND retry > " now " AND retry <= " now " + 3600)"

#define IS_OLD_NEWS(before, now) "(published <= " before " OR published > " now ")"

#define IS_OTHER                                                                               \
	"(h.shared OR (h.machine <> '' AND h.machine <> lower(iif(instr(m.name, '.') > 0,"     \
	" substr(m.name, 1, instr(m.name, '.') - 1), m.name))))"

/* Rows of one finding: the first, and those that name it. */
#define OF_FINDING "f.row = h.row OR (f.first = h.row AND f.first > 0)"

/* A record that names a machine says itself whom it speaks of; all others are what their own
 * agent says of them, and so is a machine that its own agent calls the same. */
#define FINDING_OF_MALWARE                                                                     \
	"h.row, h.agency, h.origin, h.host, h.at, h.name, h.type, h.behavior,"                 \
	" h.path, h.hash, iif(shared OR h.machine <> '', host_name, ifnull(m.name, '')),"      \
	" iif(" IS_OTHER                                                                       \
	" OR (h.machine <> '' AND host_ip <> ''), host_ip, ifnull(m.ip, '')),"                 \
	" iif(" IS_OTHER " OR (h.machine <> '' AND host_public <> ''), host_public,"           \
	" ifnull(m.public, '')),"                                                              \
	" (SELECT count(DISTINCT iif(f.hash <> '', f.hash, f.path)) FROM hits f"               \
	" WHERE " OF_FINDING "), (SELECT max(f.open) FROM hits f WHERE " OF_FINDING ")"
#define FROM_FINDINGS                                                                          \
	" FROM hits h LEFT JOIN machines m ON m.agency = h.origin AND m.host = h.host"         \
	" WHERE h.row > ?1 AND h.first = 0"

#define IN_WINDOW "start BETWEEN ?1 AND ?2 - 1"
#define GROUP     "agency, level, attack, severity, status"

/* A pass over each table, however many groups there are. */
#define COUNTS_OF_WINDOW                                                                       \
	"WITH attacked AS (SELECT " GROUP ", count(DISTINCT host) AS hosts FROM hosts"         \
	" WHERE " IN_WINDOW " GROUP BY " GROUP "),"                                            \
	" sums AS (SELECT " GROUP ", sum(events) AS events, sum(findings) AS findings"         \
	" FROM counts WHERE " IN_WINDOW " GROUP BY " GROUP ")"                                 \
	" SELECT " GROUP ", events, findings, ifnull(hosts, 0)"                                \
	" FROM sums LEFT JOIN attacked USING(" GROUP ") ORDER BY " GROUP

/* Agents: heard ever before the end, heard in the window, not heard for 15 days. A day
 * counts from the window in which its first word came, so that what comes later changes
 * nothing before it. */
#define QUALITY_OF_WINDOW                                                                      \
	"WITH totals AS (SELECT agency, count(*) AS enrolled, sum(NOT EXISTS"                  \
	"  (SELECT 1 FROM days d WHERE d.agency = a.agency AND d.host = a.host"                \
	"  AND d.day BETWEEN ?2 - 1296000 AND ?2 - 1 AND d.first < ?2)) AS stale"              \
	"  FROM agents a WHERE first < ?2 GROUP BY agency),"                                   \
	" online AS (SELECT agency, count(DISTINCT host) AS n FROM seen"                       \
	"  WHERE " IN_WINDOW " AND ?2 - ?1 < 86400 GROUP BY agency"                            \
	"  UNION ALL SELECT agency, count(*) FROM days"                                        \
	"  WHERE day = ?1 AND ?2 - ?1 = 86400 GROUP BY agency),"                               \
	" sums AS (SELECT agency, sum(records) AS a, sum(unknown) AS b, sum(partial) "         \
	"AS c,"                                                                                \
	"  sum(damaged) AS d, sum(late) AS e, sum(truncated) AS f, sum(unattributed) "         \
	"AS g,"                                                                                \
	"  sum(masked) AS h, sum(gaps) AS i, sum(missing) AS j, max(skew_ms) AS k,"            \
	"  sum(test) AS l"                                                                     \
	"  FROM quality WHERE " IN_WINDOW " GROUP BY agency),"                                 \
	" agencies AS (SELECT agency FROM totals UNION SELECT agency FROM sums)"               \
	" SELECT agency, ifnull(a, 0), ifnull(b, 0), ifnull(c, 0), ifnull(d, 0),"              \
	"  ifnull(e, 0), ifnull(f, 0), ifnull(g, 0), ifnull(h, 0), ifnull(i, 0),"              \
	"  ifnull(j, 0), ifnull(k, -1), ifnull(enrolled, 0), ifnull(n, 0),"                    \
	"  ifnull(stale, 0), ifnull(l, 0)"                                                     \
	" FROM agencies LEFT JOIN sums USING(agency) LEFT JOIN totals USING(agency)"           \
	"  LEFT JOIN online USING(agency) ORDER BY agency"

#define OF_ILLNESS "illness = ?3 AND illness <> x'' AND day IN (?1, ?2)"

/* A host, and what it says of others when it is a console. */
#define MACHINE "m.origin || ' ' || m.host || ' ' || ifnull(h.machine, '')"

#define FINDING                                                                                \
	"agency, host, system, level, attack, severity, at, rule, source, events, since,"      \
	" held_back, fields"

/* Several at a time would take long; those of the oldest moment are few. */
#define REMOVE_OLDEST(table, moment)                                                           \
	"DELETE FROM " table " WHERE " moment " = (SELECT min(" moment ") FROM " table ")"     \
	" AND " moment " < ?1"

const char *const statement_texts[STATEMENTS] = {
	[STATEMENT_CURSOR] = "SELECT value FROM meta WHERE name = 'position'",
	[STATEMENT_CURSOR_SET] = "INSERT INTO meta VALUES('position', ?1)"
				 " ON CONFLICT DO UPDATE SET value = excluded.value",
	[STATEMENT_COUNT_ADD] = "INSERT INTO counts VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON "
				"CONFLICT DO UPDATE"
				" SET events = events + excluded.events, findings = findings + "
				"excluded.findings",
	[STATEMENT_HOST_ADD] = "INSERT OR IGNORE INTO hosts VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[STATEMENT_MALWARE_ADD] = "INSERT INTO malware VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
				  " ON CONFLICT DO UPDATE SET hits = hits + excluded.hits",
	[STATEMENT_QUALITY_ADD] =
		"INSERT INTO quality VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
		"?13, ?14)"
		" ON CONFLICT DO UPDATE SET records = records + excluded.records,"
		" unknown = unknown + excluded.unknown, partial = partial + excluded.partial,"
		" damaged = damaged + excluded.damaged, late = late + excluded.late,"
		" truncated = truncated + excluded.truncated,"
		" unattributed = unattributed + excluded.unattributed,"
		" masked = masked + excluded.masked, gaps = gaps + excluded.gaps,"
		" missing = missing + excluded.missing,"
		" skew_ms = max(skew_ms, excluded.skew_ms), test = test + excluded.test",
	[STATEMENT_SEEN_ADD] = "INSERT OR IGNORE INTO seen VALUES(?1, ?2, ?3)",
	[STATEMENT_DAY_ADD] = "INSERT INTO days VALUES(?1, ?2, ?3, ?4)"
			      " ON CONFLICT DO UPDATE SET first = min(first, excluded.first)",
	[STATEMENT_AGENT_ADD] = "INSERT INTO agents VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE"
				" SET first = excluded.first WHERE excluded.first < first",
	[STATEMENT_DAYS_BEFORE] = "SELECT agency, host, day, first FROM days WHERE first < ?1",
	[STATEMENT_AGENTS_BEFORE] = "SELECT agency, host, first FROM agents WHERE first < ?1",
	[STATEMENT_HIT_FIND] =
		"SELECT row, EXISTS (SELECT 1 FROM malware WHERE start = ?3 AND agency = ?4"
		" AND origin = ?5 AND host = ?6 AND hit = row) FROM hits"
		" WHERE day = ?1 AND identity = ?2",
	[STATEMENT_HIT_ADD] =
		"INSERT INTO hits(day, identity, agency, origin, host, shared, at, name, type,"
		" behavior, path, hash, host_name, host_ip, host_public, machine, illness,"
		" first, open) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
		" ?14, ?15, ?16, ?17, ?18, ?19)",
	[STATEMENT_HIT_FIRST] = "SELECT ifnull(min(row), 0) FROM hits WHERE illness = ?2"
				" AND illness <> x'' AND day = ?1",
	[STATEMENT_HIT_SET] = "UPDATE hits SET open = ?2 WHERE row = ?1 AND open <> ?2",
	[STATEMENT_HIT_SETTLE] = "UPDATE hits SET open = ?4 WHERE " OF_ILLNESS,
	[STATEMENT_HIT_SETTLE_FILE] =
		"UPDATE hits SET open = ?4 WHERE " OF_ILLNESS " AND path = ?5",
	[STATEMENT_LISTED_ADD] = "INSERT INTO listed VALUES(?1, ?2, ?3, 1)"
				 " ON CONFLICT DO UPDATE SET n = n + 1 WHERE n < ?4",
	[STATEMENT_LISTED_FULL] = "SELECT count(*) FROM listed WHERE hour = ?1 AND agency = ?2"
				  " AND host = ?3 AND n >= ?4",
	[STATEMENT_MACHINE_SET] =
		"INSERT INTO machines VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
		" ON CONFLICT DO UPDATE SET seen = excluded.seen, name = excluded.name,"
		" ip = excluded.ip, public = excluded.public, updated = excluded.updated"
		" WHERE seen <= excluded.seen",
	[STATEMENT_MACHINES_NOT_UPDATED] = "SELECT count(*) FROM machines"
					   " WHERE updated BETWEEN 1 AND ?1 AND seen >= ?2",
	/* Of what has no details any more, a replacement would tell less than was told. */
	[STATEMENT_WINDOW_DIRTY] =
		"INSERT INTO windows SELECT ?1, ?2, ?3, 1, 0 WHERE ?2 >="
		" ifnull((SELECT value FROM meta WHERE name = '" STATISTICS_ROLLED_UP "'),"
		" ?2) ON CONFLICT DO UPDATE SET dirty = 1",
	/* There is one already: of a stamp that was ahead, or our clock was. */
	[STATEMENT_WINDOW_OPEN] =
		"INSERT INTO windows SELECT ?1, ?2, ?3, 1, 0 WHERE ?2 >="
		" ifnull((SELECT value FROM meta WHERE name = '" STATISTICS_ROLLED_UP "'),"
		" ?2) ON CONFLICT DO UPDATE SET dirty = 1 WHERE published > ?4",
	[STATEMENT_WINDOW_FIRST] = "SELECT min(start) FROM windows WHERE kind = ?1",
	[STATEMENT_WINDOW_DUE] =
		"SELECT kind, start, stop FROM windows w WHERE dirty AND stop <= ?1"
		" AND " IS_OLD_NEWS("?2", "?4") " AND NOT " IS_HELD(
			"?4") " ORDER BY stop, kind LIMIT ?3",
	[STATEMENT_WINDOW_DUE_COUNT] =
		"SELECT count(*) FROM windows w WHERE dirty AND stop <= ?1"
		" AND " IS_OLD_NEWS("?2", "?3") " AND NOT " IS_HELD("?3"),
	[STATEMENT_WINDOW_PUBLISHED] =
		"UPDATE windows SET dirty = 0, published = ?3 WHERE kind = ?1 AND start = ?2",
	[STATEMENT_WINDOWS_WITHIN] =
		"SELECT kind, start, stop FROM windows WHERE start >= ?1 AND stop <= ?2",
	[STATEMENT_WINDOWS_OUTSIDE] = "DELETE FROM windows WHERE start < ?1 OR stop > ?2",
	[STATEMENT_COUNTS] = COUNTS_OF_WINDOW,
	[STATEMENT_MALWARE_SUMS] =
		"WITH found AS (SELECT agency, hit, sum(hits) AS n FROM malware "
		"WHERE " IN_WINDOW
		" GROUP BY agency, hit), named AS (SELECT found.agency AS agency, h.row IS "
		"NOT NULL AS is_listed,"
		" sum(n) AS n FROM found LEFT JOIN hits h ON h.row = hit"
		" GROUP BY 1, h.name, h.type)"
		" SELECT agency, sum(n), sum(is_listed) FROM named GROUP BY agency"
		" ORDER BY agency",
	[STATEMENT_MALWARE] = "SELECT h.name, h.type, sum(m.hits), count(DISTINCT " MACHINE "),"
			      " count(DISTINCT " MACHINE " || ' ' || iif(h.hash <> '', h.hash,"
			      " h.path)) FROM malware m JOIN hits h ON h.row = m.hit"
			      " WHERE m.agency = ?3 AND m." IN_WINDOW
			      " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ?4",
	[STATEMENT_QUALITY] = QUALITY_OF_WINDOW,
	[STATEMENT_HITS] =
		"SELECT " FINDING_OF_MALWARE ", 0" FROM_FINDINGS " ORDER BY h.row LIMIT ?2",
	[STATEMENT_HITS_LATEST] =
		"SELECT " FINDING_OF_MALWARE ", (SELECT ifnull(sum(s.hits), 0) FROM malware s"
		" WHERE s.agency = h.agency AND s.start BETWEEN h.day AND h.day + 86399"
		" AND s.hit IN (SELECT row FROM hits f WHERE " OF_FINDING "))" FROM_FINDINGS
		" ORDER BY h.row DESC LIMIT ?2",
	[STATEMENT_FINDINGS] = "SELECT row, day, identity, at, name, agency, host, first = 0,"
			       " open FROM hits"
			       " WHERE day BETWEEN ?1 AND ?2 ORDER BY row",
	[STATEMENT_SOURCES_LOAD] = "SELECT number, agency, host, hash, hour, heard, created,"
				   " offsets, skew, clock_wrong FROM sources ORDER BY number",
	[STATEMENT_SOURCE_ADD] = "INSERT INTO sources VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, "
				 "?7, 0, 0, 0, x'', -1, 0)",
	[STATEMENT_SOURCE_SET] =
		"UPDATE sources SET hour = ?2, heard = ?3, created = ?4,"
		" confidence = ?5, behind = ?6, offsets = ?7, skew = ?8, clock_wrong = ?9"
		" WHERE number = ?1",
	[STATEMENT_SOURCE_HOUR_ADD] =
		"INSERT INTO source_hours(start, source, parser, status, lines, bytes, undated)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET"
		" lines = lines + excluded.lines, bytes = bytes + excluded.bytes,"
		" undated = undated + excluded.undated",
	[STATEMENT_SOURCE_NAME] = "SELECT input, name FROM sources WHERE number = ?1",
	[STATEMENT_SILENCES] = "SELECT level, agency, host, source, system, at_level, hour,"
			       " first_hour, heard, raised, watched, quiet, longest, missed,"
			       " weekly FROM silences",
	[STATEMENT_SILENCE_SET] =
		"INSERT OR REPLACE INTO silences VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
		" ?10, ?11, ?12, ?13, ?14, ?15)",
	[STATEMENT_SILENCE_LINES] =
		"SELECT w.agency, w.host, w.source, w.hour, sum(h.lines) FROM silences w"
		" JOIN source_hours h ON h.source = w.source AND h.start = w.hour * 3600 - ?1"
		" WHERE w.level = 0 AND w.hour > 0 GROUP BY 1, 2, 3, 4",
	[STATEMENT_SILENCE_HOURS] = "SELECT newest, bits FROM silence_hours",
	[STATEMENT_SILENCE_HOURS_SET] =
		"INSERT OR REPLACE INTO silence_hours VALUES(1, ?1, ?2)",
	[STATEMENT_SAMPLE_AGAIN] = "UPDATE source_samples SET times = times + ?3, last = ?4"
				   " WHERE source = ?1 AND shape = ?2",
	[STATEMENT_SAMPLE_MAKE_ROOM] =
		"DELETE FROM source_samples WHERE source = ?1 AND (SELECT count(*)"
		" FROM source_samples WHERE source = ?1) >= ?2 AND shape = (SELECT shape"
		" FROM source_samples WHERE source = ?1 ORDER BY times, last, shape LIMIT 1)",
	[STATEMENT_SAMPLE_ADD] =
		"INSERT INTO source_samples VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[STATEMENT_SAMPLES] = "SELECT status, times, first, last, line FROM source_samples"
			      " WHERE source = ?1 ORDER BY times DESC, last DESC",
	[STATEMENT_SOURCE_FIELDS_GET] = "SELECT bits FROM source_fields"
					" WHERE source = ?1 AND parser = ?2 AND week = ?3",
	[STATEMENT_SOURCE_FIELDS_SET] =
		"INSERT OR REPLACE INTO source_fields(source, parser, week, bits)"
		" VALUES(?1, ?2, ?3, ?4)",
	[STATEMENT_SOURCE_FIELDS] =
		"SELECT f.parser, f.source, f.bits FROM source_fields f WHERE f.parser IN"
		" (SELECT DISTINCT parser FROM source_hours WHERE source = ?1 AND parser > 0)"
		" ORDER BY 1, 2",
	[STATEMENT_SOURCES] =
		"SELECT s.number, s.agency, s.host, s.input, s.name, s.first, s.heard,"
		" s.created, s.confidence, s.behind, s.skew, s.clock_wrong,"
		" ifnull(w.watched, 0), max(ifnull(w.raised, 0), ifnull(h.raised, 0),"
		" ifnull(a.raised, 0), ifnull(p.raised, 0)) FROM sources s"
		" LEFT JOIN silences w ON w.level = 0 AND w.agency = s.agency"
		" AND w.host = s.host AND w.source = s.number"
		" LEFT JOIN silences h ON h.level = 1 AND h.agency = s.agency"
		" AND h.host = s.host AND h.source = 0"
		" LEFT JOIN silences a ON a.level = 2 AND a.agency = s.agency"
		" AND a.host = 0 AND a.source = 0"
		" LEFT JOIN silences p ON p.level = 3 AND p.agency = 0 AND p.host = 0"
		" AND p.source = 0 WHERE s.number = ?1 OR ?1 = 0"
		" ORDER BY s.agency, s.host, s.input, s.name, s.number",
	[STATEMENT_SOURCE_SHARES] =
		"SELECT parser, status, sum(lines), sum(bytes), sum(undated) FROM source_hours"
		" WHERE source = ?1 AND start >= ?2 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
	[STATEMENT_SOURCE_DAYS] =
		"SELECT (start + ?3) / 86400 * 86400 - ?3, sum(lines), sum(bytes),"
		" sum(iif(status = 0, lines, 0)), sum(undated) FROM source_hours"
		" WHERE source = ?1 AND start >= ?2 GROUP BY 1 ORDER BY 1",
	[STATEMENT_CORRELATION] = "SELECT state FROM correlation WHERE id = ?1",
	[STATEMENT_CORRELATION_SET] = "INSERT INTO correlation VALUES(?1, ?2)"
				      " ON CONFLICT DO UPDATE SET state = excluded.state",
	[STATEMENT_EMIT_ADD] =
		"INSERT INTO emits(" FINDING ")"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[STATEMENT_EMIT_STATE_ADD] =
		"INSERT INTO emits(" FINDING ", action, about, resolved)"
		" VALUES(?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, '', 0, ?10, 0, x'', ?8, ?9, ?11)",
	[STATEMENT_DOUBT_ADD] =
		"INSERT INTO doubts(" FINDING ")"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[STATEMENT_DOUBT_TOLD] = "DELETE FROM doubts WHERE agency = ?1 AND host = ?2"
				 " AND source = ?3 AND rule = ?4"
				 " AND abs(at - ?5) < 3600000000000",
	[STATEMENT_DOUBTS_EMIT] = "INSERT INTO emits(" FINDING ")"
				  " SELECT " FINDING " FROM doubts ORDER BY row",
	[STATEMENT_DOUBTS_DONE] = "DELETE FROM doubts",
	[STATEMENT_EMITS] = "SELECT sequence, agency, host, system, level, attack, severity, "
			    "at, rule, source,"
			    " events, since, held_back, action, about, resolved, fields"
			    " FROM emits ORDER BY sequence LIMIT ?1",
	[STATEMENT_EMITS_LAST] = "SELECT seq FROM sqlite_sequence WHERE name = 'emits'",
	[STATEMENT_EMITS_RAISE] = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'emits'",
	[STATEMENT_EMITS_DONE] = "DELETE FROM emits WHERE sequence <= ?1",
	[STATEMENT_OUTBOX_ADD] =
		"INSERT OR IGNORE INTO outbox(key, revision, type, schema, content_type,"
		" message_id, jws, created, state, done, body)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9)",
	/* What was not sent yet and is replaced need not be sent; its body goes. */
	[STATEMENT_OUTBOX_SUPERSEDE] = "UPDATE outbox SET state = 3, done = ?3, body = NULL"
				       " WHERE key = ?1 AND revision < ?2 AND state = 0",
	[STATEMENT_OUTBOX_MARK] = "UPDATE outbox SET state = ?2, done = ?3, detail = ?4"
				  " WHERE row = ?1 AND state IN (0, 3)",
	[STATEMENT_OUTBOX_NEXT] =
		"SELECT row, key, revision, type, schema, content_type, message_id, jws, "
		"created,"
		" body FROM outbox WHERE state = 0 AND type = ?1 AND row > ?2"
		" ORDER BY row LIMIT 1",
	[STATEMENT_OUTBOX_TYPE] = "SELECT type FROM outbox WHERE state = 0 AND type > ?1"
				  " ORDER BY type LIMIT 1",
	[STATEMENT_OUTBOX_STATE] =
		"SELECT (SELECT count(*) FROM outbox WHERE state = 0),"
		" (SELECT count(*) FROM outbox WHERE state > 0 AND state = 1),"
		" (SELECT count(*) FROM outbox WHERE state > 0 AND state = 2),"
		" ifnull((SELECT created FROM outbox WHERE row = (SELECT min(row)"
		" FROM outbox INDEXED BY outbox_unsent WHERE state = 0)), 0)",
	/* From the index alone, but for a row a type: rows are in the order of their making. */
	[STATEMENT_OUTBOX_WAITING] =
		"SELECT w.type, n, created FROM (SELECT type, count(*) AS n, min(row) AS first"
		" FROM outbox INDEXED BY outbox_unsent WHERE state = 0 GROUP BY type) w"
		" JOIN outbox ON row = first ORDER BY w.type",
	[STATEMENT_OUTBOX_LATEST] =
		"SELECT row, key, max(revision), type, schema, content_type, message_id, jws,"
		" created, body, state FROM outbox WHERE state IN (0, 1) AND type = ?1"
		" GROUP BY key ORDER BY key",
	[STATEMENT_HOLD] = "INSERT INTO held VALUES(?1, ?2, ?3, 1, ?3 + 60, ?4)"
			   " ON CONFLICT DO UPDATE SET tries = tries + 1, reason = "
			   "excluded.reason,"
			   " retry = ?3 + min(3600, 60 << min(tries, 6))",
	[STATEMENT_RELEASE] = "DELETE FROM held WHERE type = ?1 AND item = ?2",
	[STATEMENT_HELD] = "SELECT type, item, since, tries, retry, reason FROM held"
			   " ORDER BY since, type, item LIMIT ?1",
	[STATEMENT_HELD_ITEM] =
		"SELECT 1 FROM held WHERE type = ?1 AND item = ?2 AND retry > ?3"
		" AND retry <= ?3 + 3600",
	[STATEMENT_HELD_COUNT] = "SELECT count(*) FROM held",
	[STATEMENT_SIZE] =
		"SELECT page_count * page_size, freelist_count * page_size"
		" FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()",
	[STATEMENT_DETAILS_OLDEST] =
		"SELECT min(oldest) FROM (SELECT min(start) AS oldest FROM counts"
		" UNION ALL SELECT min(start) FROM quality"
		" UNION ALL SELECT min(start) FROM malware)",
	[STATEMENT_WINDOWS_AWAITED] =
		"SELECT count(*) FROM windows WHERE dirty AND start >= ?1 AND stop <= ?2"
		" AND NOT " IS_HELD(
			"?3") " AND NOT EXISTS (SELECT 1 FROM held"
			      " WHERE type = 'statistics' AND item = '' AND retry > ?3"
			      " AND retry <= ?3 + 3600)",
	[STATEMENT_WINDOWS_GIVE_UP] =
		"UPDATE windows SET dirty = 0 WHERE dirty AND start >= ?1 AND stop <= ?2",
	/* What was counted of a day after it was rolled up comes on top; of things that are
	 * distinct it is known then how many they are at least. */
	[STATEMENT_ROLL_UP_COUNTS] =
		"INSERT INTO daily_counts SELECT ?1, * FROM (" COUNTS_OF_WINDOW ") WHERE true"
		" ON CONFLICT DO UPDATE SET events = events + excluded.events,"
		" findings = findings + excluded.findings, hosts = max(hosts, excluded.hosts)",
	[STATEMENT_ROLL_UP_QUALITY] =
		"INSERT INTO daily_quality SELECT ?1, * FROM (" QUALITY_OF_WINDOW ") WHERE true"
		" ON CONFLICT DO UPDATE SET records = records + excluded.records,"
		" unknown = unknown + excluded.unknown, partial = partial + excluded.partial,"
		" damaged = damaged + excluded.damaged, late = late + excluded.late,"
		" truncated = truncated + excluded.truncated,"
		" unattributed = unattributed + excluded.unattributed,"
		" masked = masked + excluded.masked, gaps = gaps + excluded.gaps,"
		" missing = missing + excluded.missing,"
		" skew_ms = max(skew_ms, excluded.skew_ms), enrolled = excluded.enrolled,"
		" online = excluded.online, stale = excluded.stale,"
		" test = test + excluded.test",
	/* The row without a name: those beyond the most, and those that were not listed. */
	[STATEMENT_ROLL_UP_MALWARE] =
		"WITH named AS (SELECT m.agency AS agency, ifnull(h.name, '') AS name,"
		" ifnull(h.type, '') AS type, sum(m.hits) AS hits,"
		" count(DISTINCT " MACHINE ") AS hosts,"
		" count(DISTINCT " MACHINE " || ' ' || iif(h.hash <> '', h.hash,"
		" h.path)) AS files FROM malware m LEFT JOIN hits h ON h.row = m.hit"
		" WHERE m." IN_WINDOW " GROUP BY 1, 2, 3),"
		" ranked AS (SELECT *, row_number() OVER (PARTITION BY agency"
		" ORDER BY name = '', hits DESC, name, type) <= ?3 AS is_kept FROM named)"
		" INSERT INTO daily_malware SELECT ?1, agency, iif(is_kept, name, ''),"
		" iif(is_kept, type, ''), sum(hits), max(hosts), max(files) FROM ranked"
		" GROUP BY 2, 3, 4 ON CONFLICT DO UPDATE SET hits = hits + excluded.hits,"
		" hosts = max(hosts, excluded.hosts), files = max(files, excluded.files)",
	[STATEMENT_ROLLED_UP_COUNTS] = "DELETE FROM counts WHERE " IN_WINDOW,
	[STATEMENT_ROLLED_UP_QUALITY] = "DELETE FROM quality WHERE " IN_WINDOW,
	[STATEMENT_ROLLED_UP_MALWARE] = "DELETE FROM malware WHERE " IN_WINDOW,
	[STATEMENT_PRUNE_HOSTS] = REMOVE_OLDEST("hosts", "start"),
	[STATEMENT_PRUNE_SEEN] = REMOVE_OLDEST("seen", "start"),
	[STATEMENT_PRUNE_LISTED] = REMOVE_OLDEST("listed", "hour"),
	[STATEMENT_PRUNE_HITS] =
		"DELETE FROM hits WHERE row IN (SELECT row FROM hits WHERE day < ?1"
		" AND iif(first > 0, first, row) <="
		" ifnull((SELECT value FROM meta WHERE name = '" STATISTICS_REPORTED "'), 0)"
		" LIMIT ?2)",
	[STATEMENT_PRUNE_HITS_UNREPORTED] = "DELETE FROM hits WHERE row IN"
					    " (SELECT row FROM hits WHERE day < ?1 LIMIT ?2)",
	[STATEMENT_PRUNE_DAYS] = REMOVE_OLDEST("days", "day"),
	[STATEMENT_PRUNE_MACHINES] = "DELETE FROM machines WHERE seen < ?1",
	[STATEMENT_PRUNE_OUTBOX] = "DELETE FROM outbox WHERE row IN (SELECT row FROM outbox"
				   " WHERE state > 0 AND done < ?1 * 1000000000 LIMIT ?2)",
	[STATEMENT_PRUNE_WINDOWS] = "DELETE FROM windows WHERE stop <= ?1",
	[STATEMENT_PRUNE_HELD] = "DELETE FROM held WHERE since < ?1",
	[STATEMENT_PRUNE_DAILY_COUNTS] = REMOVE_OLDEST("daily_counts", "day"),
	[STATEMENT_PRUNE_DAILY_MALWARE] = REMOVE_OLDEST("daily_malware", "day"),
	[STATEMENT_PRUNE_DAILY_QUALITY] = REMOVE_OLDEST("daily_quality", "day"),
	/* By source: the oldest hour of all would be looked for in all. */
	[STATEMENT_PRUNE_SOURCE_HOURS] =
		"DELETE FROM source_hours WHERE start < ?1 AND source IN (SELECT number FROM"
		" sources s WHERE EXISTS (SELECT 1 FROM source_hours h WHERE h.source = "
		"s.number"
		" AND h.start < ?1) LIMIT ?2 / 50 + 1)",
	[STATEMENT_PRUNE_SOURCES_HOURS] =
		"DELETE FROM source_hours WHERE source IN (SELECT number FROM sources"
		" WHERE heard < ?1 * 1000000000 ORDER BY heard LIMIT ?2 / 50 + 1)",
	[STATEMENT_PRUNE_SOURCES] =
		"DELETE FROM sources WHERE heard < ?1 * 1000000000 AND NOT EXISTS"
		" (SELECT 1 FROM source_hours h WHERE h.source = number)",
	[STATEMENT_PRUNE_SILENCES] = "DELETE FROM silences WHERE heard < ?1 * 1000000000",
	[STATEMENT_PRUNE_SAMPLES] = "DELETE FROM source_samples WHERE last < ?1 * 1000000000"
				    " OR source NOT IN (SELECT number FROM sources)",
	[STATEMENT_PRUNE_SOURCE_FIELDS] =
		"DELETE FROM source_fields WHERE (week + 3) * 604800 < ?1"
		" OR source NOT IN (SELECT number FROM sources)",
#define ALERT_STATEMENT(name, text) [STATEMENT_##name] = (text),
#include "collector/derive/alert_statements.def"
#undef ALERT_STATEMENT
	[STATEMENT_META] = "SELECT value FROM meta WHERE name = ?1",
	[STATEMENT_META_LOWER] = "UPDATE meta SET value = ?2 WHERE name = ?1 AND value > ?2",
	[STATEMENT_META_SET] = "INSERT INTO meta VALUES(?1, ?2)"
			       " ON CONFLICT DO UPDATE SET value = excluded.value",
};
