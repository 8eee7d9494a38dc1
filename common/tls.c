#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/revocation.h"
#include "common/tls_parts.h"

enum { SECURITY_LEVEL = 2 };

/* What one end demands of its own certificate and of the other's. */
struct role {
	enum tls_peer_kind own, peer;
	int own_purpose;
	const char *peer_purpose; /* OpenSSL's name of the verification parameters */
	const char *own_usage;
	bool devices; /* the peer is none of ours: no identity of ours in certificates */
};

static const struct role server_role = {
	.own = TLS_PEER_COLLECTOR,
	.peer = TLS_PEER_AGENT,
	.own_purpose = X509_PURPOSE_SSL_SERVER,
	.peer_purpose = "ssl_client",
	.own_usage = "serverAuth",
};

static const struct role client_role = {
	.own = TLS_PEER_AGENT,
	.peer = TLS_PEER_COLLECTOR,
	.own_purpose = X509_PURPOSE_SSL_CLIENT,
	.peer_purpose = "ssl_server",
	.own_usage = "clientAuth",
};

static const struct role devices_role = {
	.own = TLS_PEER_COLLECTOR,
	.own_purpose = X509_PURPOSE_SSL_SERVER,
	.peer_purpose = "ssl_client",
	.own_usage = "serverAuth",
	.devices = true,
};

/* ---- where things hang on OpenSSL's objects ------------------------------------ */

static CRYPTO_ONCE indexes_once = CRYPTO_ONCE_STATIC_INIT;
static int store_revocation = -1; /* X509_STORE -> struct revocation, owned */
static int ctx_role = -1;         /* SSL_CTX -> const struct role */
static int ssl_refusal = -1;      /* SSL -> text of why the peer was refused, owned */

static void free_revocation(
	void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent, (void)data, (void)index, (void)argl, (void)argp;
	revocation_free(ptr);
}

static void free_text(
	void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent, (void)data, (void)index, (void)argl, (void)argp;
	OPENSSL_free(ptr);
}

static void get_indexes(void)
{
	store_revocation = CRYPTO_get_ex_new_index(
		CRYPTO_EX_INDEX_X509_STORE, 0, NULL, NULL, NULL, free_revocation);
	ctx_role = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	ssl_refusal = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_text);
}

static bool have_indexes(void)
{
	return CRYPTO_THREAD_run_once(&indexes_once, get_indexes) == 1 &&
	       store_revocation >= 0 && ctx_role >= 0 && ssl_refusal >= 0;
}

/* ---- words --------------------------------------------------------------------- */

static const char *code_words(unsigned long code)
{
	const char *reason = NULL;

	if (ERR_SYSTEM_ERROR(code))
		return strerror(ERR_GET_REASON(code));
	reason = ERR_reason_error_string(code);
	return reason != NULL ? reason : "no reason given";
}

bool tls_err(struct err *err, const char *what)
{
	unsigned long code = ERR_get_error();

	err_set(err, "%s: %s", what, code != 0 ? code_words(code) : "no reason given");
	ERR_clear_error();
	return false;
}

static const char *verify_words(int code)
{
	switch (code) {
	case X509_V_ERR_CERT_REVOKED:
		return "it is revoked";
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		return "the CRL file has no CRL of its issuer";
	case X509_V_ERR_CRL_HAS_EXPIRED:
		return "the CRL of its issuer has expired; nobody is let in before a new one "
		       "is loaded";
	case X509_V_ERR_CRL_NOT_YET_VALID:
		return "the CRL of its issuer is not valid yet; is this machine's clock right?";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "it is not valid yet; are both machines' clocks right?";
	case X509_V_ERR_INVALID_PURPOSE:
		return "its key usage is for another purpose";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		return "no CA that is trusted here issued it";
	default:
		return X509_verify_cert_error_string(code);
	}
}

/* ---- verifying a peer ---------------------------------------------------------- */

static int64_t time_of(X509_STORE_CTX *verify)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(verify);

	if (X509_VERIFY_PARAM_get_flags(param) & X509_V_FLAG_USE_CHECK_TIME)
		return X509_VERIFY_PARAM_get_time(param);
	return time(NULL);
}

static int refuse(X509_STORE_CTX *verify, X509 *cert, int depth, int code)
{
	X509_STORE_CTX_set_error(verify, code);
	X509_STORE_CTX_set_error_depth(verify, depth);
	X509_STORE_CTX_set_current_cert(verify, cert);
	return 0;
}

/* In the place of OpenSSL's own: every certificate below the root must be known as good. */
static int check_revocation(X509_STORE_CTX *verify)
{
	const struct revocation *revocation =
		X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(verify), store_revocation);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(verify);

	if (revocation == NULL)
		return 1;
	for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);
		int code = revocation_check(
			revocation, cert, sk_X509_value(chain, i + 1), time_of(verify));
		if (code != X509_V_OK)
			return refuse(verify, cert, i, code);
	}
	return 1;
}

static bool identity_fits(X509 *cert, const struct role *role, const char **why)
{
	struct tls_peer peer;

	if (!tls_read_peer(cert, &peer, why))
		return false;
	*why = "it is a CA certificate";
	if (X509_check_ca(cert) != 0)
		return false;
	*why = "no extended key usage";
	if (X509_get_extended_key_usage(cert) == UINT32_MAX)
		return false;
	*why = "its identity is of another kind";
	return peer.kind == role->peer;
}

/* All that is demanded of a peer's certificate. False with the words in `err`. */
static bool verify(X509_STORE_CTX *verify, const struct role *role, struct err *err)
{
	const char *why = NULL;
	X509 *leaf = X509_STORE_CTX_get0_cert(verify);

	if (X509_verify_cert(verify) != 1) {
		int code = X509_STORE_CTX_get_error(verify);
		tls_describe(X509_STORE_CTX_get_current_cert(verify), verify_words(code), err);
		return false;
	}
	if (role->devices || identity_fits(leaf, role, &why))
		return true;
	X509_STORE_CTX_set_error(verify, X509_V_ERR_APPLICATION_VERIFICATION);
	tls_describe(leaf, why, err);
	return false;
}

static int on_peer_certificate(X509_STORE_CTX *store_ctx, void *role)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store_ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct err err;

	if (verify(store_ctx, role, &err))
		return 1;
	OPENSSL_free(SSL_get_ex_data(ssl, ssl_refusal));
	SSL_set_ex_data(ssl, ssl_refusal, OPENSSL_strdup(err.text));
	return 0;
}

/* ---- contexts ------------------------------------------------------------------ */

static bool use_key(SSL_CTX *ctx, const struct tls_settings *settings, struct err *err)
{
	EVP_PKEY *key = tls_read_key(settings->key_file, err);
	bool ok = false;

	if (key == NULL)
		return false;
	if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) != 1)
		err_set(err, "%s is not the key of %s", settings->key_file,
			settings->cert_file);
	else if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
		tls_err(err, settings->key_file);
	else
		ok = true;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok;
}

static bool own_fits(SSL_CTX *ctx, const struct role *role, struct err *err)
{
	struct tls_peer own;
	X509 *cert = SSL_CTX_get0_certificate(ctx);

	if (role->devices)
		return X509_check_purpose(cert, role->own_purpose, 0) == 1 ||
		       err_set(err, "its extended key usage lacks %s", role->own_usage);
	if (!tls_identity_of(cert, &own, err))
		return false;
	if (own.kind != role->own)
		return err_set(err,
			"its identity is of the other kind: agents and collectors have "
			"certificates of their own");
	if (X509_get_extended_key_usage(cert) == UINT32_MAX ||
		X509_check_purpose(cert, role->own_purpose, 0) != 1)
		return err_set(err, "its extended key usage lacks %s", role->own_usage);
	return true;
}

static bool use_own(SSL_CTX *ctx, const struct tls_settings *settings, const struct role *role,
	struct err *err)
{
	SSL_CTX_set_default_passwd_cb(ctx, tls_no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, settings->cert_file) != 1)
		return tls_err(err, settings->cert_file);
	if (!own_fits(ctx, role, err))
		return err_within(err, "%s", settings->cert_file);
	return use_key(ctx, settings, err);
}

static bool trust(X509_STORE *store, STACK_OF(X509) * authorities, struct err *err)
{
	if (sk_X509_num(authorities) == 0)
		return err_set(err, "no certificate in it");
	for (int i = 0; i < sk_X509_num(authorities); i++) {
		X509 *cert = sk_X509_value(authorities, i);

		if (X509_check_ca(cert) != 1) {
			tls_describe(cert, "it is not a CA certificate", err);
			return false;
		}
		if (X509_STORE_add_cert(store, cert) != 1)
			return tls_err(err, "trusting it");
	}
	return true;
}

static struct revocation *revocation_of(const SSL_CTX *ctx)
{
	return X509_STORE_get_ex_data(SSL_CTX_get_cert_store(ctx), store_revocation);
}

static bool use_crls(
	X509_STORE *store, const char *crl_file, STACK_OF(X509) * authorities, struct err *err)
{
	if (crl_file == NULL || crl_file[0] == '\0')
		return true;

	struct revocation *revocation = revocation_load(crl_file, authorities, err);
	if (revocation == NULL)
		return false;
	if (X509_STORE_set_ex_data(store, store_revocation, revocation) != 1) {
		revocation_free(revocation);
		return tls_err(err, crl_file);
	}
	X509_STORE_set_check_revocation(store, check_revocation);
	return true;
}

static bool use_authorities(SSL_CTX *ctx, const struct tls_settings *settings, struct err *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	STACK_OF(X509) *authorities = tls_read_authorities(settings->ca_file, err);
	bool ok = false;

	if (authorities == NULL)
		return false;
	if (trust(store, authorities, err))
		ok = use_crls(store, settings->crl_file, authorities, err);
	else
		err_within(err, "%s", settings->ca_file);
	sk_X509_pop_free(authorities, X509_free);
	return ok;
}

/* What the agent port speaks, whoever is at the other end. */
static bool limit_protocol(SSL_CTX *ctx, const struct role *role, struct err *err)
{
	const int oldest = role->devices ? TLS1_2_VERSION : TLS1_3_VERSION;

	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	if (SSL_CTX_set_min_proto_version(ctx, oldest) != 1 ||
		SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
		SSL_CTX_set1_groups_list(
			ctx, role->devices ? "X25519:P-256:P-384" : "X25519:P-256") != 1 ||
		SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
					      "TLS_CHACHA20_POLY1305_SHA256") != 1)
		return tls_err(err, "setting up TLS");
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* Without NO_AUTO_CHAIN our own chain would be built and verified per handshake. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN |
				      SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_max_cert_list(ctx, TLS_CHAIN_BYTES_MAX);
	SSL_CTX_set_verify_depth(ctx, TLS_INTERMEDIATES_MAX);
	return true;
}

static SSL_CTX *empty_context(
	const SSL_METHOD *method, const struct role *role, struct err *err)
{
	/* OpenSSL takes user pointers without const; the role is only read. */
	union {
		const struct role *read;
		void *any;
	} user = {.read = role};

	if (!have_indexes()) {
		tls_err(err, "OpenSSL");
		return NULL;
	}
	SSL_CTX *ctx = SSL_CTX_new(method);
	if (ctx == NULL) {
		tls_err(err, "OpenSSL");
		return NULL;
	}
	SSL_CTX_set_ex_data(ctx, ctx_role, user.any);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_peer_certificate, user.any);
	if (limit_protocol(ctx, role, err))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

static SSL_CTX *new_context(const SSL_METHOD *method, const struct role *role,
	const struct tls_settings *settings, struct err *err)
{
	SSL_CTX *ctx = empty_context(method, role, err);

	if (ctx != NULL && use_own(ctx, settings, role, err) &&
		(settings->ca_file == NULL || use_authorities(ctx, settings, err)))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

SSL_CTX *tls_server_new(const struct tls_settings *settings, struct err *err)
{
	return new_context(TLS_server_method(), &server_role, settings, err);
}

SSL_CTX *tls_devices_new(
	const struct tls_settings *settings, enum tls_clients clients, struct err *err)
{
	static const int modes[] = {
		[TLS_CLIENTS_NONE] = SSL_VERIFY_NONE,
		[TLS_CLIENTS_OPTIONAL] = SSL_VERIFY_PEER,
		[TLS_CLIENTS_REQUIRED] = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	};
	struct tls_settings files = *settings;

	if (clients == TLS_CLIENTS_NONE)
		files.ca_file = files.crl_file = NULL;
	SSL_CTX *ctx = new_context(TLS_server_method(), &devices_role, &files, err);
	if (ctx != NULL)
		SSL_CTX_set_verify(ctx, modes[clients], NULL);
	return ctx;
}

void tls_bye(SSL *ssl)
{
	if (!SSL_is_init_finished(ssl))
		return;
	SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
	(void)SSL_shutdown(ssl);
	ERR_clear_error();
}

SSL_CTX *tls_client_new(const struct tls_settings *settings, struct err *err)
{
	return new_context(TLS_client_method(), &client_role, settings, err);
}

static bool copy_own(SSL_CTX *ctx, SSL_CTX *from, struct err *err)
{
	STACK_OF(X509) *chain = NULL;

	if (SSL_CTX_get0_chain_certs(from, &chain) != 1 ||
		SSL_CTX_use_cert_and_key(ctx, SSL_CTX_get0_certificate(from),
			SSL_CTX_get0_privatekey(from), chain, 1) != 1)
		return tls_err(err, "own certificate");
	return true;
}

static bool renew_crls(SSL_CTX *ctx, const SSL_CTX *from, const char *crl_file, struct err *err)
{
	STACK_OF(X509) *authorities = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(from));
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	const struct revocation *before = revocation_of(from);
	bool ok = trust(store, authorities, err) && use_crls(store, crl_file, authorities, err);

	sk_X509_pop_free(authorities, X509_free);
	if (!ok || before == NULL)
		return ok;
	return revocation_may_follow(
		       before, revocation_of(ctx), clock_wall_ns() / CLOCK_NS_PER_S, err) ||
	       err_within(err, "%s", crl_file);
}

SSL_CTX *tls_client_renew(SSL_CTX *from, const char *crl_file, struct err *err)
{
	SSL_CTX *ctx = empty_context(TLS_client_method(), &client_role, err);

	if (ctx != NULL && copy_own(ctx, from, err) && renew_crls(ctx, from, crl_file, err))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

bool tls_own(const SSL_CTX *ctx, struct tls_peer *own, struct err *err)
{
	return tls_identity_of(SSL_CTX_get0_certificate(ctx), own, err);
}

struct validity tls_own_validity(const SSL_CTX *ctx)
{
	const X509 *own = SSL_CTX_get0_certificate(ctx);

	return (struct validity){
		.from_ns = revocation_time_ns(X509_get0_notBefore(own)),
		.until_ns = revocation_time_ns(X509_get0_notAfter(own)),
	};
}

bool tls_crl_validity(const SSL_CTX *ctx, struct validity *validity)
{
	const struct revocation *revocation = revocation_of(ctx);

	if (revocation != NULL)
		*validity = revocation_validity(revocation);
	return revocation != NULL;
}

/* ---- sessions ------------------------------------------------------------------ */

bool tls_peer(const SSL *ssl, struct tls_peer *peer, struct err *err)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);

	if (!SSL_is_init_finished(ssl) || cert == NULL ||
		SSL_get_verify_result(ssl) != X509_V_OK)
		return err_set(err, "no verified peer");
	return tls_identity_of(cert, peer, err);
}

bool tls_peer_still_good(SSL_CTX *ctx, const SSL *ssl, struct err *err)
{
	const struct role *role = SSL_CTX_get_ex_data(ctx, ctx_role);
	X509 *cert = SSL_get0_peer_certificate(ssl);
	X509_STORE_CTX *again = X509_STORE_CTX_new();
	bool ok = false;

	if (cert == NULL) {
		err_set(err, "no peer certificate");
	} else if (again == NULL || X509_STORE_CTX_init(again, SSL_CTX_get_cert_store(ctx),
					    cert, SSL_get_peer_cert_chain(ssl)) != 1) {
		tls_err(err, "verifying");
	} else {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(again);
		X509_STORE_CTX_set_default(again, role->peer_purpose);
		X509_VERIFY_PARAM_set_auth_level(param, SSL_CTX_get_security_level(ctx));
		X509_VERIFY_PARAM_set1(param, SSL_CTX_get0_param(ctx));
		ok = verify(again, role, err);
	}
	X509_STORE_CTX_free(again);
	ERR_clear_error();
	return ok;
}

bool tls_handshake_err(const SSL *ssl, unsigned long code, struct err *err)
{
	const char *refusal = SSL_get_ex_data(ssl, ssl_refusal);

	if (code == 0)
		code = ERR_get_error();
	ERR_clear_error();
	if (refusal != NULL)
		return err_set(err, "refused: %s", refusal);
	if (code == 0)
		return err_set(err, "the peer closed the connection in the handshake");
	if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET)
		return err_set(err, "refused by the peer: %s", code_words(code));
	return err_set(err, "%s", code_words(code));
}
