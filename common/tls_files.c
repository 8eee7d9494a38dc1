#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/tls_parts.h"

int tls_no_passphrase(char *buf, int size, int writing, void *user)
{
	(void)buf, (void)size, (void)writing, (void)user;
	return -1;
}

/* Nobody but the owner may read the key; looked at on the open file. */
static bool is_private(FILE *file, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fileno(file), &st) != 0)
		return err_sys(err, "%s", path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return err_set(err,
			"%s: others can read this key (mode %04o); run: chmod 600 %s", path,
			st.st_mode & 07777U, path);
	return true;
}

EVP_PKEY *tls_read_key(const char *path, struct err *err)
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *key = NULL;

	if (file == NULL) {
		err_sys(err, "%s", path);
		return NULL;
	}
	if (is_private(file, path, err)) {
		key = PEM_read_PrivateKey(file, NULL, tls_no_passphrase, NULL);
		if (key == NULL)
			tls_err(err, path);
	}
	(void)fclose(file);
	return key;
}

STACK_OF(X509) * tls_read_authorities(const char *path, struct err *err)
{
	STACK_OF(X509) *authorities = sk_X509_new_null();
	BIO *bio = BIO_new_file(path, "r");
	X509 *cert = NULL;

	if (bio == NULL || authorities == NULL) {
		tls_err(err, path);
		BIO_free(bio);
		sk_X509_free(authorities);
		return NULL;
	}
	while ((cert = PEM_read_bio_X509(bio, NULL, tls_no_passphrase, NULL)) != NULL)
		sk_X509_push(authorities, cert);
	BIO_free(bio);
	if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return authorities;
	}
	tls_err(err, path);
	sk_X509_pop_free(authorities, X509_free);
	return NULL;
}
