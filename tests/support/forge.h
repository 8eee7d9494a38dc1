/*
 * forge - certificates as no honest CA would make them
 *
 * A recipe says what is wrong; what it does not say is as an agent's good
 * certificate has it. Times are relative to now.
 */
#ifndef TESTS_SUPPORT_FORGE_H
#define TESTS_SUPPORT_FORGE_H

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "tests/support/check.h"

enum { FORGE_NAMES_MAX = 4 };

struct forge_name {
	int type; /* GEN_URI, GEN_DNS, GEN_EMAIL; 0 ends the list */
	const char *bytes;
	int len; /* 0 = strlen(bytes) */
};

struct forge_cert {
	X509 *cert;
	EVP_PKEY *key;
};

struct forge_recipe {
	const struct forge_cert *issuer; /* NULL = self-signed */
	const char *common_name;         /* NULL = "forged" */
	const char *key;                 /* NULL = "P-256"; "RSA-1024", a curve's name */
	const EVP_MD *digest;            /* NULL = SHA-256 */
	long from_seconds, to_seconds;   /* 0, 0 = an hour back, a day ahead */
	const char *constraints;         /* NULL = "critical,CA:FALSE" */
	const char *key_usage;           /* NULL = "critical,digitalSignature"; "" = none */
	const char *extended;            /* NULL = "clientAuth"; "" = none */
	struct forge_name names[FORGE_NAMES_MAX];
	bool names_twice;      /* the extension stands there twice */
	bool names_garbage;    /* the extension is no DER */
	bool unknown_critical; /* an extension nobody knows */
	bool negative_serial;
	int many_names; /* that many DNS names more */
};

static inline EVP_PKEY *forge_key(const char *type)
{
	if (type == NULL)
		return EVP_EC_gen("P-256");
	if (strncmp(type, "RSA-", 4) == 0)
		return EVP_RSA_gen((unsigned)strtoul(type + 4, NULL, 10));
	return EVP_EC_gen(type);
}

static inline void forge_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	if (value[0] == '\0')
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_ptr_nonnull(extension);
	ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static inline void forge_name(GENERAL_NAMES *names, const struct forge_name *name)
{
	GENERAL_NAME *general = GENERAL_NAME_new();
	ASN1_STRING *text = ASN1_IA5STRING_new();
	int len = name->len > 0 ? name->len : (int)strlen(name->bytes);

	ck_assert_int_eq(ASN1_STRING_set(text, name->bytes, len), 1);
	GENERAL_NAME_set0_value(general, name->type, text);
	ck_assert_int_gt(sk_GENERAL_NAME_push(names, general), 0);
}

static inline void forge_names(X509 *cert, const struct forge_recipe *recipe)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	for (size_t i = 0; i < FORGE_NAMES_MAX && recipe->names[i].type != 0; i++)
		forge_name(names, &recipe->names[i]);
	for (int i = 0; i < recipe->many_names; i++) {
		char text[64];
		snprintf(text, sizeof(text), "a-rather-long-name-%d.example", i);
		forge_name(names, &(struct forge_name){GEN_DNS, text, 0});
	}
	if (sk_GENERAL_NAME_num(names) > 0) {
		ck_assert_int_eq(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0,
					 X509V3_ADD_APPEND),
			1);
		if (recipe->names_twice)
			ck_assert_int_eq(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0,
						 X509V3_ADD_APPEND),
				1);
	}
	GENERAL_NAMES_free(names);
}

static inline void forge_raw_extension(X509 *cert, const char *oid, int critical)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();

	ck_assert_int_eq(
		ASN1_OCTET_STRING_set(bytes, (const unsigned char *)"\x30\x84\xff", 3), 1);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, bytes);
	ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(bytes);
	ASN1_OBJECT_free(object);
}

static inline void forge_odd_parts(X509 *cert, const struct forge_recipe *recipe)
{
	if (recipe->names_garbage)
		forge_raw_extension(cert, "2.5.29.17", 0);
	if (recipe->unknown_critical)
		forge_raw_extension(cert, "1.3.6.1.4.1.99999.1", 1);
	if (recipe->negative_serial)
		ck_assert_int_eq(ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), -77), 1);
}

static inline void forge_times(X509 *cert, const struct forge_recipe *recipe)
{
	bool standard = recipe->from_seconds == 0 && recipe->to_seconds == 0;

	X509_gmtime_adj(X509_getm_notBefore(cert), standard ? -3600 : recipe->from_seconds);
	X509_gmtime_adj(X509_getm_notAfter(cert), standard ? 86400 : recipe->to_seconds);
}

static inline struct forge_cert forge(const struct forge_recipe *recipe)
{
	static int64_t serial = 1000;
	struct forge_cert made = {.cert = X509_new(), .key = forge_key(recipe->key)};
	const struct forge_cert *issuer = recipe->issuer != NULL ? recipe->issuer : &made;
	const char *name = recipe->common_name != NULL ? recipe->common_name : "forged";
	X509 *cert = made.cert;

	ck_assert_ptr_nonnull(made.key);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), ++serial);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
		(const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer->cert));
	X509_set_pubkey(cert, made.key);
	forge_times(cert, recipe);
	forge_extension(cert, issuer->cert, NID_basic_constraints,
		recipe->constraints != NULL ? recipe->constraints : "critical,CA:FALSE");
	forge_extension(cert, issuer->cert, NID_key_usage,
		recipe->key_usage != NULL ? recipe->key_usage : "critical,digitalSignature");
	forge_extension(cert, issuer->cert, NID_ext_key_usage,
		recipe->extended != NULL ? recipe->extended : "clientAuth");
	forge_extension(cert, issuer->cert, NID_subject_key_identifier, "hash");
	forge_names(cert, recipe);
	forge_odd_parts(cert, recipe);
	ck_assert_int_gt(X509_sign(cert, issuer->key,
				 recipe->digest != NULL ? recipe->digest : EVP_sha256()),
		0);
	return made;
}

/* A CA; `constraints` NULL = "critical,CA:TRUE". */
static inline struct forge_cert forge_ca(
	const struct forge_cert *issuer, const char *common_name, const char *constraints)
{
	return forge(&(struct forge_recipe){.issuer = issuer,
		.common_name = common_name,
		.constraints = constraints != NULL ? constraints : "critical,CA:TRUE",
		.key_usage = "critical,keyCertSign,cRLSign",
		.extended = ""});
}

static inline void forge_free(struct forge_cert *made)
{
	X509_free(made->cert);
	EVP_PKEY_free(made->key);
	*made = (struct forge_cert){0};
}

#endif
