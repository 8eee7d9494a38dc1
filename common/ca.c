#include "common/ca.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yyjson.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/revocation.h"

enum { LINE_MAX_BYTES = 16 << 10, KEPT_AFTER_EXPIRY_DAYS = 30 };

struct ca {
	char dir[PATH_MAX];
	int database; /* open and locked */
	X509 *cert;
	EVP_PKEY *key; /* NULL when opened to read */
	struct ca_record *records;
	size_t n_records, capacity;
	struct arena texts;
	size_t torn;
};

static const char *const files[] = {"ca.pem", "ca.key", "crl.pem", "issued.jsonl"};

static bool path_in(const char *dir, const char *name, char out[PATH_MAX], struct err *err)
{
	if (snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
		return true;
	return err_set(err, "%s: name too long", dir);
}

/* ---- records ------------------------------------------------------------------- */

static const char *keep(struct arena *texts, struct slice text)
{
	char *copy = arena_alloc(texts, text.len + 1);

	if (copy == NULL)
		return NULL;
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return copy;
}

static struct ca_record *new_record(struct ca *ca)
{
	if (ca->n_records == ca->capacity) {
		ca->capacity = ca->capacity ? 2 * ca->capacity : 64;
		ca->records = realloc(ca->records, ca->capacity * sizeof(*ca->records));
		if (ca->records == NULL)
			abort();
	}
	ca->records[ca->n_records] = (struct ca_record){.revoked_ns = CLOCK_NONE};
	return &ca->records[ca->n_records];
}

static void write_record(struct strbuf *line, const struct ca_record *record)
{
	struct json json = json_into(line);

	json_object(&json);
	json_put_str(&json, "serial", record->serial);
	json_put_str(&json, "profile", record->profile);
	json_put_str(&json, "name", record->name);
	json_put_str(&json, "subject", record->subject);
	json_key(&json, SLICE_LIT("names"));
	json_raw(&json, slice_str(record->names));
	json_put_time(&json, "not_before", record->not_before_ns, 0);
	json_put_time(&json, "not_after", record->not_after_ns, 0);
	json_put_time(&json, "revoked_at", record->revoked_ns, 0);
	json_put_str(&json, "reason", record->reason);
	json_object_end(&json);
	strbuf_add_byte(line, '\n');
}

static bool append(struct ca *ca, const struct ca_record *record, struct err *err)
{
	struct strbuf line = STRBUF_INIT(LINE_MAX_BYTES);
	bool ok = false;

	write_record(&line, record);
	if (line.overflow)
		err_set(err, "a record over %d bytes", LINE_MAX_BYTES);
	else if (!file_write_all(ca->database, line.ptr, line.len) ||
		 fdatasync(ca->database) != 0)
		err_sys(err, "writing %s/issued.jsonl", ca->dir);
	else
		ok = true;
	strbuf_done(&line);
	return ok;
}

static const char *text_of(struct ca *ca, yyjson_val *object, const char *key)
{
	yyjson_val *value = yyjson_obj_get(object, key);

	if (!yyjson_is_str(value))
		return NULL;
	return keep(&ca->texts, slice_of(yyjson_get_str(value), yyjson_get_len(value)));
}

static const char *names_of(struct ca *ca, yyjson_val *object)
{
	yyjson_val *value = yyjson_obj_get(object, "names");
	size_t len = 0;

	if (!yyjson_is_arr(value))
		return NULL;
	char *text = yyjson_val_write(value, 0, &len);
	const char *kept = text != NULL ? keep(&ca->texts, slice_of(text, len)) : NULL;
	free(text);
	return kept;
}

static bool time_of(yyjson_val *object, const char *key, int64_t *ns)
{
	yyjson_val *value = yyjson_obj_get(object, key);
	struct slice text = slice_of(yyjson_get_str(value), yyjson_get_len(value));
	size_t used = 0;

	return yyjson_is_str(value) && clock_parse_iso(text, 0, ns, &used) && used == text.len;
}

static bool is_serial(const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	return len >= 2 && len < TLS_SERIAL_MAX && strspn(text, "0123456789abcdef") == len;
}

static bool read_revocation(struct ca *ca, yyjson_val *object, struct ca_record *record)
{
	if (yyjson_is_null(yyjson_obj_get(object, "revoked_at")))
		return true;
	record->reason = text_of(ca, object, "reason");
	return time_of(object, "revoked_at", &record->revoked_ns) && record->reason != NULL &&
	       pki_reason(record->reason) >= 0;
}

static bool read_record(struct ca *ca, yyjson_val *object, struct ca_record *record)
{
	record->serial = text_of(ca, object, "serial");
	record->profile = text_of(ca, object, "profile");
	record->name = text_of(ca, object, "name");
	record->subject = text_of(ca, object, "subject");
	record->names = names_of(ca, object);
	return is_serial(record->serial) && record->profile != NULL && record->name != NULL &&
	       record->subject != NULL && record->names != NULL &&
	       time_of(object, "not_before", &record->not_before_ns) &&
	       time_of(object, "not_after", &record->not_after_ns) &&
	       read_revocation(ca, object, record);
}

static struct ca_record *record_by_serial(struct ca *ca, const char *serial)
{
	for (size_t i = ca->n_records; i-- > 0;) {
		if (strcmp(ca->records[i].serial, serial) == 0)
			return &ca->records[i];
	}
	return NULL;
}

/* A line of a certificate seen before is its revocation. */
static void take_record(struct ca *ca, const struct ca_record *record)
{
	struct ca_record *earlier = NULL;

	if (record->revoked_ns != CLOCK_NONE)
		earlier = record_by_serial(ca, record->serial);
	if (earlier != NULL)
		*earlier = *record;
	else
		ca->n_records++;
}

static bool load_line(struct ca *ca, struct slice line)
{
	yyjson_doc *doc = yyjson_read(line.ptr, line.len, 0);
	bool ok = false;

	if (doc != NULL) {
		struct ca_record *record = new_record(ca);
		ok = read_record(ca, yyjson_doc_get_root(doc), record);
		if (ok) {
			const struct ca_record copy = *record;
			take_record(ca, &copy);
		}
	}
	yyjson_doc_free(doc);
	return ok;
}

static bool load_lines(struct ca *ca, const char *path, struct slice text, struct err *err)
{
	struct pos at = {.file = path, .line = 0};
	struct slice line;
	size_t end = text.len;

	while (end > 0 && text.ptr[end - 1] != '\n')
		end--;
	ca->torn = text.len - end;
	text = slice_head(text, end);
	while (text.len > 0 && slice_cut(&text, '\n', &line)) {
		at.line++;
		if (!load_line(ca, line))
			return err_at(err, at, "not a record of a certificate");
	}
	return true;
}

static bool cut_torn(struct ca *ca, const char *path, size_t size, struct err *err)
{
	if (ca->torn == 0)
		return true;
	if (ftruncate(ca->database, (off_t)(size - ca->torn)) != 0)
		return err_sys(err, "cutting the torn last line of %s", path);
	return true;
}

static bool load_database(struct ca *ca, enum ca_mode mode, struct err *err)
{
	struct strbuf text = STRBUF_INIT(CA_DATABASE_MAX);
	char path[PATH_MAX];
	bool ok = false;

	if (!path_in(ca->dir, "issued.jsonl", path, err))
		return false;
	ca->database =
		open(path, (mode == CA_WRITE ? O_RDWR | O_APPEND : O_RDONLY) | O_CLOEXEC);
	if (ca->database < 0)
		return err_sys(err, "%s", path);
	if (flock(ca->database, (mode == CA_WRITE ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
		return errno == EWOULDBLOCK
			       ? err_set(err, "%s: in use by another process", path)
			       : err_sys(err, "locking %s", path);
	if (file_read(path, &text, err))
		ok = load_lines(ca, path, strbuf_slice(&text), err) &&
		     (mode == CA_READ || cut_torn(ca, path, text.len, err));
	strbuf_done(&text);
	return ok;
}

/* ---- the folder ---------------------------------------------------------------- */

static bool read_in(const char *dir, const char *name, struct strbuf *out, struct err *err)
{
	char path[PATH_MAX];

	return path_in(dir, name, path, err) && file_read(path, out, err);
}

static bool write_in(
	const char *dir, const char *name, struct strbuf *text, mode_t mode, struct err *err)
{
	char path[PATH_MAX];

	return path_in(dir, name, path, err) &&
	       file_replace(path, strbuf_slice(text), mode, err);
}

static bool load_cert(struct ca *ca, struct err *err)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);

	if (read_in(ca->dir, "ca.pem", &text, err)) {
		ca->cert = pki_cert_read(strbuf_slice(&text), err);
		if (ca->cert == NULL)
			err_within(err, "%s/ca.pem", ca->dir);
	}
	strbuf_done(&text);
	return ca->cert != NULL;
}

static void wipe(struct strbuf *text)
{
	if (text->ptr != NULL)
		OPENSSL_cleanse(text->ptr, text->capacity);
	strbuf_done(text);
}

static bool load_key(struct ca *ca, struct err *err)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);

	if (read_in(ca->dir, "ca.key", &text, err)) {
		ca->key = pki_key_read(strbuf_slice(&text), err);
		if (ca->key == NULL)
			err_within(err, "%s/ca.key", ca->dir);
	}
	wipe(&text);
	if (ca->key == NULL)
		return false;
	return EVP_PKEY_eq(X509_get0_pubkey(ca->cert), ca->key) == 1 ||
	       err_set(err, "%s/ca.key is not the key of ca.pem", ca->dir);
}

struct ca *ca_open(const char *dir, enum ca_mode mode, struct err *err)
{
	struct ca *ca = calloc(1, sizeof(*ca));

	if (ca == NULL)
		abort();
	ca->database = -1;
	arena_init(&ca->texts, CA_DATABASE_MAX);
	if ((size_t)snprintf(ca->dir, sizeof(ca->dir), "%s", dir) >= sizeof(ca->dir))
		err_set(err, "name of the folder too long");
	else if (load_database(ca, mode, err) && load_cert(ca, err) &&
		 (mode == CA_READ || load_key(ca, err)))
		return ca;
	ca_close(ca);
	return NULL;
}

void ca_close(struct ca *ca)
{
	if (ca == NULL)
		return;
	if (ca->database >= 0)
		close(ca->database);
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	arena_done(&ca->texts);
	free(ca->records);
	free(ca);
}

X509 *ca_cert(const struct ca *ca)
{
	return ca->cert;
}

size_t ca_torn(const struct ca *ca)
{
	return ca->torn;
}

const struct ca_record *ca_records(const struct ca *ca, size_t *n)
{
	*n = ca->n_records;
	return ca->records;
}

static bool set_aside(const char *dir, bool force, struct err *err)
{
	char path[PATH_MAX], old[PATH_MAX + 8];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (!path_in(dir, files[i], path, err))
			return false;
		if (access(path, F_OK) != 0)
			continue;
		if (!force)
			return err_set(err, "%s exists already; nothing was changed", path);
		snprintf(old, sizeof(old), "%s.old", path);
		if (rename(path, old) != 0)
			return err_sys(err, "setting aside %s", path);
	}
	return true;
}

static bool write_ca(const char *dir, X509 *cert, EVP_PKEY *key, struct err *err)
{
	struct strbuf cert_text = STRBUF_INIT(PKI_PEM_MAX);
	struct strbuf key_text = STRBUF_INIT(PKI_PEM_MAX);
	struct strbuf nothing = STRBUF_INIT(1);
	bool ok = pki_key_pem(key, &key_text, err) && pki_cert_pem(cert, &cert_text, err) &&
		  write_in(dir, "ca.key", &key_text, 0600, err) &&
		  write_in(dir, "ca.pem", &cert_text, 0644, err) &&
		  write_in(dir, "issued.jsonl", &nothing, 0644, err);

	wipe(&key_text);
	strbuf_done(&cert_text);
	return ok;
}

static bool first_crl(const char *dir, int64_t now_ns, struct err *err)
{
	struct ca *ca = ca_open(dir, CA_WRITE, err);
	bool ok = ca != NULL && ca_write_crl(ca, PKI_CRL_DAYS, now_ns, err);

	ca_close(ca);
	return ok;
}

bool ca_create(const char *dir, const char *common_name, uint32_t days, bool force,
	int64_t now_ns, struct err *err)
{
	EVP_PKEY *key = pki_key_new(PKI_KEY_P256, err);
	X509 *cert = key != NULL ? pki_ca_new(key, common_name, days, now_ns, err) : NULL;
	bool ok = cert != NULL && file_make_dirs(dir, 0700, err) &&
		  set_aside(dir, force, err) && write_ca(dir, cert, key, err) &&
		  first_crl(dir, now_ns, err);

	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

/* ---- issuing and revoking ------------------------------------------------------ */

const char *ca_name(const struct pki_request *request, char out[CA_NAME_MAX])
{
	const struct tls_peer *identity = &request->identity;
	const char *profile = pki_profile_name(request->profile);

	if (request->profile == PKI_AGENT)
		snprintf(out, CA_NAME_MAX, "%s-%u-%u", profile, identity->agency,
			identity->host);
	else if (request->profile == PKI_COLLECTOR)
		snprintf(out, CA_NAME_MAX, "%s-%s", profile, identity->name);
	else
		snprintf(out, CA_NAME_MAX, "%s-%s", profile, request->label);
	return out;
}

static void write_names(struct strbuf *out, const struct pki_request *request)
{
	struct json json = json_into(out);
	char uri[TLS_URI_MAX];
	char text[300];

	json_array(&json);
	if (request->profile == PKI_AGENT || request->profile == PKI_COLLECTOR) {
		snprintf(text, sizeof(text), "URI:%s",
			tls_identity_uri(&request->identity, uri));
		json_text(&json, slice_str(text));
	}
	for (size_t i = 0; i < request->n_dns; i++) {
		snprintf(text, sizeof(text), "DNS:%s", request->dns[i]);
		json_text(&json, slice_str(text));
	}
	for (size_t i = 0; i < request->n_ip; i++) {
		snprintf(text, sizeof(text), "IP:%s", request->ip[i]);
		json_text(&json, slice_str(text));
	}
	json_array_end(&json);
}

static bool fill_record(
	struct ca *ca, struct ca_record *record, X509 *cert, const struct pki_request *request)
{
	struct strbuf names = STRBUF_INIT(LINE_MAX_BYTES);
	char serial[TLS_SERIAL_MAX], name[CA_NAME_MAX];

	write_names(&names, request);
	record->serial = tls_serial(cert, serial) ? keep(&ca->texts, slice_str(serial)) : NULL;
	record->profile = pki_profile_name(request->profile);
	record->name = keep(&ca->texts, slice_str(ca_name(request, name)));
	record->subject = keep(&ca->texts, slice_str(request->common_name));
	record->names = keep(&ca->texts, strbuf_slice(&names));
	record->not_before_ns = revocation_time_ns(X509_get0_notBefore(cert));
	record->not_after_ns = revocation_time_ns(X509_get0_notAfter(cert));
	strbuf_done(&names);
	return record->serial != NULL && record->name != NULL && record->subject != NULL &&
	       record->names != NULL;
}

X509 *ca_issue(struct ca *ca, EVP_PKEY *subject, const struct pki_request *request,
	int64_t now_ns, struct err *err)
{
	X509 *cert = pki_issue(ca->cert, ca->key, subject, request, now_ns, err);
	struct ca_record *record = new_record(ca);

	if (cert == NULL)
		return NULL;
	if (!fill_record(ca, record, cert, request))
		err_set(err, "%s/issued.jsonl is full", ca->dir);
	else if (append(ca, record, err)) {
		ca->n_records++;
		return cert;
	}
	X509_free(cert);
	return NULL;
}

bool ca_revoke(struct ca *ca, size_t at, int reason, int64_t now_ns, struct err *err)
{
	assert(at < ca->n_records);
	struct ca_record revoked = ca->records[at];

	if (revoked.revoked_ns != CLOCK_NONE)
		return err_set(err, "%s is revoked already", revoked.serial);
	revoked.revoked_ns = now_ns;
	revoked.reason = pki_reasons[reason];
	if (!append(ca, &revoked, err))
		return false;
	ca->records[at] = revoked;
	return true;
}

/* The number after the present CRL's; a CRL that cannot be read is replaced, and a number
 * from the clock keeps growing past it. */
static uint64_t next_number(const struct ca *ca, int64_t now_ns)
{
	struct strbuf text = STRBUF_INIT(PKI_CRL_MAX);
	X509_CRL *crl = NULL;
	uint64_t number = 0;

	if (read_in(ca->dir, "crl.pem", &text, NULL))
		crl = pki_crl_read(strbuf_slice(&text), NULL);
	if (crl != NULL)
		number = pki_crl_number(crl);
	X509_CRL_free(crl);
	strbuf_done(&text);

	uint64_t from_clock = (uint64_t)(now_ns / CLOCK_NS_PER_S);
	return number >= from_clock ? number + 1 : from_clock;
}

static size_t collect_revoked(const struct ca *ca, struct pki_revoked *revoked, int64_t now_ns)
{
	const int64_t kept = KEPT_AFTER_EXPIRY_DAYS * INT64_C(86400) * CLOCK_NS_PER_S;
	size_t n = 0;

	for (size_t i = 0; i < ca->n_records; i++) {
		const struct ca_record *record = &ca->records[i];

		if (record->revoked_ns == CLOCK_NONE || now_ns - kept > record->not_after_ns)
			continue;
		revoked[n++] = (struct pki_revoked){.serial = record->serial,
			.at_ns = record->revoked_ns,
			.reason = pki_reason(record->reason)};
	}
	return n;
}

bool ca_write_crl(struct ca *ca, uint32_t days, int64_t now_ns, struct err *err)
{
	struct pki_revoked *revoked = calloc(ca->n_records + 1, sizeof(*revoked));
	struct strbuf text = STRBUF_INIT(PKI_CRL_MAX);

	if (revoked == NULL)
		abort();
	size_t n = collect_revoked(ca, revoked, now_ns);
	X509_CRL *crl = pki_crl_new(
		ca->cert, ca->key, revoked, n, next_number(ca, now_ns), days, now_ns, err);
	bool ok = crl != NULL && pki_crl_pem(crl, &text, err) &&
		  write_in(ca->dir, "crl.pem", &text, 0644, err);
	X509_CRL_free(crl);
	strbuf_done(&text);
	free(revoked);
	return ok;
}
