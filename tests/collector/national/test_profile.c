#include "collector/national/profile.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/support/check.h"

static char dir[64];

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	struct err err;

	ck_assert(file_replace(path_of(name), slice_str(text), 0600, &err));
}

static void make_dir(const char *profile)
{
	snprintf(dir, sizeof(dir), "/tmp/soc-test-profile-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_file("profile.yaml", profile);
}

static void remove_dir(void)
{
	unlink(path_of("profile.yaml"));
	unlink(path_of("mask.key"));
	rmdir(dir);
}

#define SENDER                                                                                 \
	"sender: {organ-id: H47, organ-name: a, organ-address: b, email: c, telephone: "       \
	"\"1\"}\n"

START_TEST(the_built_in_copy_is_that_of_configs)
{
	static const char *const names[] = {"profile.yaml", "schemas/avreport.xsd",
		"schemas/edxml.xsd", "schemas/xmldsig.xsd",
		"schemas/soc-statistics-1.schema.json"};
	struct strbuf mistakes = STRBUF_INIT(4096);
	char path[512];
	struct err err;

	snprintf(path, sizeof(path), "%s/configs/national", getenv("SOC_SOURCE"));
	struct national_profile *built_in = national_profile_load(NULL, &mistakes);
	struct national_profile *shipped = national_profile_load(path, &mistakes);
	ck_assert_msg(built_in && shipped, "%s", strbuf_cstr(&mistakes));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct strbuf a = STRBUF_INIT(1 << 20), b = STRBUF_INIT(1 << 20);

		ck_assert_msg(national_document(built_in, names[i], &a, &err), "%s", err.text);
		ck_assert_msg(national_document(shipped, names[i], &b, &err), "%s", err.text);
		ck_assert(slice_eq(strbuf_slice(&a), strbuf_slice(&b)));
		strbuf_done(&a);
		strbuf_done(&b);
	}
	ck_assert(!national_document(built_in, "schemas/none", &mistakes, &err));
	ck_assert(!national_document(shipped, "schemas/none", &mistakes, &err));
	national_profile_free(built_in);
	national_profile_free(shipped);
	strbuf_done(&mistakes);
}
END_TEST

static void check_refused(const char *profile, const char *why)
{
	struct strbuf mistakes = STRBUF_INIT(4096);

	make_dir(profile);
	write_file("mask.key", "short");
	ck_assert_ptr_null(national_profile_load(dir, &mistakes));
	ck_assert_msg(slice_search(strbuf_slice(&mistakes), slice_str(why)) < mistakes.len,
		"'%s' is not in: %s", why, strbuf_cstr(&mistakes));
	remove_dir();
	strbuf_done(&mistakes);
}

START_TEST(mistakes_are_named_with_their_place)
{
	check_refused("sender: {organ-id: H47}\n", "profile.yaml:1");
	check_refused(SENDER "malware: {mask-key: mask.key}\n", "profile.yaml:2:21");
	check_refused(SENDER "malware: {mask-key: none.key}\n", "No such file");
	check_refused(SENDER "malware: {shape: soap}\n", "profile.yaml:2");
	check_refused(SENDER "malwar: {}\n", "malware");
}
END_TEST

START_TEST(the_mask_key_is_read_when_it_is_secret)
{
	struct strbuf mistakes = STRBUF_INIT(4096);

	make_dir(SENDER "malware: {mask-key: mask.key}\n");
	write_file("mask.key", "0123456789abcdef");
	struct national_profile *profile = national_profile_load(dir, &mistakes);
	ck_assert_msg(profile != NULL, "%s", strbuf_cstr(&mistakes));
	ck_assert_uint_eq(profile->mask_key_len, 16);
	ck_assert_mem_eq(profile->mask_key, "0123456789abcdef", 16);
	national_profile_free(profile);
	ck_assert_int_eq(chmod(path_of("mask.key"), 0640), 0);
	ck_assert_ptr_null(national_profile_load(dir, &mistakes));
	ck_assert(slice_search(strbuf_slice(&mistakes), SLICE_LIT("others may read it")) <
		  mistakes.len);
	remove_dir();
	strbuf_done(&mistakes);
}
END_TEST

START_TEST(names_of_other_methods_are_refused_where_they_stand)
{
	static const char *const wrong[] = {
		"signature-method: http://www.w3.org/2000/09/xmldsig#rsa-sha1",
		"signature-method: http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
		"digest-method: http://www.w3.org/2000/09/xmldsig#sha1",
		"digest-method: http://www.w3.org/2001/04/xmlenc#sha512",
		"canonicalization: http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
		"canonicalization: http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
	};
	struct strbuf mistakes = STRBUF_INIT(4096);
	char profile[1024];

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		snprintf(profile, sizeof(profile), SENDER "xml:\n  %s\n", wrong[i]);
		check_refused(profile, "profile.yaml:3:");
	}
	make_dir(SENDER "xml: {canonicalization: http://www.w3.org/TR/xml-exc-c14n/,"
			" digest-method: \"urn:receiver:sha256\"}\n");
	struct national_profile *loaded = national_profile_load(dir, &mistakes);
	ck_assert_msg(loaded != NULL, "%s", strbuf_cstr(&mistakes));
	national_profile_free(loaded);
	remove_dir();
	strbuf_done(&mistakes);
}
END_TEST

TEST_MAIN("profile", names_of_other_methods_are_refused_where_they_stand,
	the_built_in_copy_is_that_of_configs, mistakes_are_named_with_their_place,
	the_mask_key_is_read_when_it_is_secret)
