#include "agent/scan/walker.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/support/folder.h"

enum { MET_MAX = 64 };

/* What a walk met: names below the root, and what became of them. */
struct met {
	struct {
		char name[128];
		enum walk_step step;
		enum verdict verdict;
		int sys;
		bool is_root;
	} objects[MET_MAX];
	size_t n, n_files;
};

static void meet(struct met *met, const struct walk_object *object, enum walk_step step)
{
	ck_assert_uint_lt(met->n, MET_MAX);
	struct slice name = slice_from(object->path, object->name_at);
	snprintf(met->objects[met->n].name, sizeof(met->objects[0].name), "%.*s",
		SLICE_FMT(name));
	met->objects[met->n].step = step;
	met->objects[met->n].verdict = object->verdict;
	met->objects[met->n].sys = object->sys;
	met->objects[met->n++].is_root = object->is_root;
	met->n_files += step == WALK_FILE;
}

static struct met walk(struct walk_plan plan, const char *path)
{
	struct met met = {0};
	struct walk_object object;
	enum walk_step step;

	plan.paths = &path;
	plan.n_paths = 1;
	if (plan.depth_max == 0)
		plan.depth_max = 100;
	struct walker *walker = walker_new(&plan);
	while ((step = walker_next(walker, &object)) != WALK_END) {
		meet(&met, &object, step);
		if (step == WALK_FILE) {
			ck_assert(S_ISREG(object.st.st_mode));
			ck_assert_int_eq(close(object.fd), 0);
		}
	}
	ck_assert(walker_next(walker, &object) == WALK_END);
	walker_free(walker);
	return met;
}

/* The verdict of the object of that name; VERDICT_SCANNED for a file that was opened. */
static enum verdict verdict_of(const struct met *met, const char *name)
{
	for (size_t i = 0; i < met->n; i++) {
		if (strcmp(met->objects[i].name, name) == 0)
			return met->objects[i].step == WALK_FILE ? VERDICT_SCANNED
								 : met->objects[i].verdict;
	}
	ck_abort_msg("'%s' was not met", name);
}

START_TEST(files_of_all_folders_are_met_once)
{
	struct folder folder;

	folder_make(&folder);
	folder_replace(&folder, "a", "1");
	ck_assert_int_eq(mkdir(folder_path(&folder, "d"), 0700), 0);
	ck_assert_int_eq(mkdir(folder_path(&folder, "d/e"), 0700), 0);
	folder_replace(&folder, "d/b", "2");
	folder_replace(&folder, "d/e/c", "3");
	struct met met = walk((struct walk_plan){0}, folder.path);
	ck_assert_uint_eq(met.n, 3);
	ck_assert_uint_eq(met.n_files, 3);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_file_given_itself_is_met)
{
	struct folder folder;

	folder_make(&folder);
	folder_replace(&folder, "a", "1");
	struct met met = walk((struct walk_plan){0}, folder_path(&folder, "a"));
	ck_assert_uint_eq(met.n_files, 1);
	ck_assert(met.objects[0].is_root);
	ck_assert_str_eq(met.objects[0].name, "a");
	folder_remove(&folder);
}
END_TEST

static void make_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

START_TEST(what_is_no_regular_file_is_named_and_not_opened)
{
	struct folder folder;

	folder_make(&folder);
	ck_assert_int_eq(mkfifo(folder_path(&folder, "fifo"), 0600), 0);
	make_socket(folder_path(&folder, "socket"));
	ck_assert_int_eq(symlink("/", folder_path(&folder, "link")), 0);
	ck_assert_int_eq(symlink("loop", folder_path(&folder, "loop")), 0);
	struct met met = walk((struct walk_plan){0}, folder.path);
	ck_assert_int_eq(verdict_of(&met, "fifo"), VERDICT_SPECIAL);
	ck_assert_int_eq(verdict_of(&met, "socket"), VERDICT_SPECIAL);
	ck_assert_int_eq(verdict_of(&met, "link"), VERDICT_SYMLINK);
	ck_assert_int_eq(verdict_of(&met, "loop"), VERDICT_SYMLINK);
	ck_assert_uint_eq(met.n, 4);
	folder_remove(&folder);
}
END_TEST

START_TEST(special_files_given_themselves_do_not_block)
{
	struct folder folder;

	folder_make(&folder);
	ck_assert_int_eq(mkfifo(folder_path(&folder, "fifo"), 0600), 0);
	struct met met = walk((struct walk_plan){0}, folder_path(&folder, "fifo"));
	ck_assert_int_eq(met.objects[0].verdict, VERDICT_SPECIAL);
	met = walk((struct walk_plan){0}, "/dev/null");
	ck_assert_int_eq(met.objects[0].verdict, VERDICT_SPECIAL);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_path_that_is_not_there_is_an_error)
{
	struct met met = walk((struct walk_plan){0}, "/tmp/soc-no-such-path");

	ck_assert_uint_eq(met.n, 1);
	ck_assert_int_eq(met.objects[0].verdict, VERDICT_UNREADABLE);
	ck_assert_int_eq(met.objects[0].sys, ENOENT);
	ck_assert(met.objects[0].is_root);
}
END_TEST

START_TEST(kernel_file_systems_are_not_entered)
{
	struct met met = walk((struct walk_plan){0}, "/proc");

	ck_assert_uint_eq(met.n, 1);
	ck_assert_int_eq(met.objects[0].verdict, VERDICT_FILESYSTEM);
	met = walk((struct walk_plan){0}, "/proc/self/status");
	ck_assert_int_eq(met.objects[0].verdict, VERDICT_FILESYSTEM);
}
END_TEST

START_TEST(patterns_exclude_by_path_and_by_name)
{
	struct folder folder;
	const char *exclude[] = {"*.iso", "/*/skip"};

	folder_make(&folder);
	folder_replace(&folder, "a.iso", "1");
	folder_replace(&folder, "kept", "1");
	ck_assert_int_eq(mkdir(folder_path(&folder, "skip"), 0700), 0);
	folder_replace(&folder, "skip/below", "1");
	struct met met =
		walk((struct walk_plan){.exclude = exclude, .n_exclude = 2}, folder.path);
	ck_assert_int_eq(verdict_of(&met, "a.iso"), VERDICT_EXCLUDED);
	ck_assert_int_eq(verdict_of(&met, "skip"), VERDICT_EXCLUDED);
	ck_assert_int_eq(verdict_of(&met, "kept"), VERDICT_SCANNED);
	ck_assert_uint_eq(met.n, 3);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_folder_met_twice_is_entered_once)
{
	struct folder folder;
	struct walk_object object;
	size_t n_files = 0, n_again = 0;
	enum walk_step step;

	folder_make(&folder);
	folder_replace(&folder, "a", "1");
	const char *paths[] = {folder.path, folder.path};
	struct walk_plan plan = {.paths = paths, .n_paths = 2, .depth_max = 9};
	struct walker *walker = walker_new(&plan);
	while ((step = walker_next(walker, &object)) != WALK_END) {
		if (step == WALK_FILE)
			close(object.fd);
		n_files += step == WALK_FILE;
		n_again += step == WALK_UNSCANNED && object.verdict == VERDICT_AGAIN;
	}
	walker_free(walker);
	ck_assert_uint_eq(n_files, 1);
	ck_assert_uint_eq(n_again, 1);
	folder_remove(&folder);
}
END_TEST

/* A chain of `depth` folders, each holding a file; far beyond PATH_MAX. */
static void make_chain(const char *root, unsigned depth)
{
	int at = open(root, O_RDONLY | O_DIRECTORY);

	for (unsigned i = 0; i < depth; i++) {
		int file = openat(at, "file", O_CREAT | O_WRONLY, 0600);
		ck_assert_int_ge(file, 0);
		close(file);
		ck_assert_int_eq(mkdirat(at, "d", 0700), 0);
		int below = openat(at, "d", O_RDONLY | O_DIRECTORY);
		ck_assert_int_ge(below, 0);
		close(at);
		at = below;
	}
	close(at);
}

/* nftw() cannot: the path is too long for it. */
static void remove_chain(const char *root, unsigned depth)
{
	int at = open(root, O_RDONLY | O_DIRECTORY);

	for (unsigned i = 0; i < depth; i++) {
		int below = openat(at, "d", O_RDONLY | O_DIRECTORY);
		ck_assert_int_ge(below, 0);
		close(at);
		at = below;
	}
	for (unsigned i = 0; i < depth; i++) {
		int above = openat(at, "..", O_RDONLY | O_DIRECTORY);
		ck_assert_int_ge(above, 0);
		close(at);
		at = above;
		ck_assert_int_eq(unlinkat(at, "file", 0), 0);
		ck_assert_int_eq(unlinkat(at, "d", AT_REMOVEDIR), 0);
	}
	close(at);
}

static size_t open_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

START_TEST(depth_costs_no_descriptors_and_no_stack)
{
	struct folder folder;
	struct walk_object object;
	size_t n_files = 0, before = open_descriptors(), most = 0;
	enum walk_step step;
	enum { DEPTH = 2100 };

	folder_make(&folder);
	make_chain(folder.path, DEPTH);
	/* On the way up every level has a folder left to enter, which needs its descriptor. */
	const char *path = folder.path;
	struct walk_plan plan = {.paths = &path, .n_paths = 1, .depth_max = WALK_DEPTH_MAX};
	struct walker *walker = walker_new(&plan);
	while ((step = walker_next(walker, &object)) != WALK_END) {
		ck_assert_int_eq(step, WALK_FILE);
		size_t now = n_files % 50 == 0 ? open_descriptors() : 0;
		most = now > most ? now : most;
		close(object.fd);
		n_files++;
	}
	walker_free(walker);
	ck_assert_uint_eq(n_files, DEPTH);
	ck_assert_uint_lt(most, before + 64);
	ck_assert_uint_eq(open_descriptors(), before);
	remove_chain(folder.path, DEPTH);
	folder_remove(&folder);
}
END_TEST

START_TEST(folders_beyond_the_depth_are_named)
{
	struct folder folder;

	folder_make(&folder);
	make_chain(folder.path, 10);
	struct met met = walk((struct walk_plan){.depth_max = 3}, folder.path);
	ck_assert_uint_eq(met.n_files, 4);
	ck_assert_int_eq(verdict_of(&met, "d"), VERDICT_TOO_DEEP);
	folder_remove(&folder);
}
END_TEST

/* Two branches below each of many levels: the second needs a parent closed meanwhile. */
START_TEST(parents_closed_on_the_way_down_are_found_again)
{
	struct folder folder;
	enum { DEPTH = 100 };

	folder_make(&folder);
	int at = open(folder.path, O_RDONLY | O_DIRECTORY);
	for (unsigned i = 0; i < DEPTH; i++) {
		ck_assert_int_eq(mkdirat(at, "x", 0700), 0);
		ck_assert_int_eq(mkdirat(at, "y", 0700), 0);
		int other = openat(at, i % 2 ? "x" : "y", O_RDONLY | O_DIRECTORY);
		int file = openat(other, "file", O_CREAT | O_WRONLY, 0600);
		ck_assert_int_ge(file, 0);
		close(file);
		close(other);
		int below = openat(at, i % 2 ? "y" : "x", O_RDONLY | O_DIRECTORY);
		close(at);
		at = below;
	}
	close(at);

	struct walk_object object;
	size_t n_files = 0;
	enum walk_step step;
	const char *path = folder.path;
	struct walk_plan plan = {.paths = &path, .n_paths = 1, .depth_max = DEPTH + 1};
	struct walker *walker = walker_new(&plan);
	while ((step = walker_next(walker, &object)) != WALK_END) {
		ck_assert_int_eq(step, WALK_FILE);
		close(object.fd);
		n_files++;
	}
	walker_free(walker);
	ck_assert_uint_eq(n_files, DEPTH);
	folder_remove(&folder);
}
END_TEST

START_TEST(a_tree_removed_under_the_walk_ends_it_in_peace)
{
	struct folder folder;
	struct walk_object object;
	size_t n = 0;

	folder_make(&folder);
	make_chain(folder.path, 40);
	const char *path = folder.path;
	struct walk_plan plan = {.paths = &path, .n_paths = 1, .depth_max = 100};
	struct walker *walker = walker_new(&plan);
	ck_assert(walker_next(walker, &object) == WALK_FILE);
	close(object.fd);
	folder_remove(&folder);
	while (walker_next(walker, &object) != WALK_END) {
		ck_assert_int_eq(object.verdict, VERDICT_VANISHED);
		n++;
	}
	ck_assert_uint_le(n, 2);
	walker_free(walker);
}
END_TEST

START_TEST(names_of_any_bytes_are_kept)
{
	static const char *const names[] = {
		"new\nline", "\033[2J", "\377\376", "%n%s", "..x", " ", "-rf"};
	struct folder folder;

	folder_make(&folder);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		folder_replace(&folder, names[i], "1");
	struct met met = walk((struct walk_plan){0}, folder.path);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_int_eq(verdict_of(&met, names[i]), VERDICT_SCANNED);
	ck_assert_uint_eq(met.n, ARRAY_LEN(names));
	folder_remove(&folder);
}
END_TEST

START_TEST(what_may_not_be_read_is_named)
{
	struct folder folder;

	folder_make(&folder);
	folder_replace(&folder, "secret", "1");
	ck_assert_int_eq(mkdir(folder_path(&folder, "closed"), 0000), 0);
	ck_assert_int_eq(chmod(folder_path(&folder, "secret"), 0000), 0);
	ck_assert_int_eq(chmod(folder.path, 0755), 0);
	bool root = geteuid() == 0;
	if (root) /* whom nothing is closed to */
		ck_assert_int_eq(seteuid(65534), 0);
	struct met met = walk((struct walk_plan){0}, folder.path);
	if (root)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(verdict_of(&met, "secret"), VERDICT_UNREADABLE);
	ck_assert_int_eq(verdict_of(&met, "closed"), VERDICT_UNREADABLE);
	ck_assert_int_eq(met.objects[0].sys, EACCES);
	folder_remove(&folder);
}
END_TEST

START_TEST(counting_opens_no_file)
{
	struct folder folder;
	struct walk_object object;

	folder_make(&folder);
	folder_replace(&folder, "a", "1");
	const char *path = folder.path;
	struct walk_plan plan = {
		.paths = &path, .n_paths = 1, .depth_max = 9, .count_only = true};
	struct walker *walker = walker_new(&plan);
	ck_assert(walker_next(walker, &object) == WALK_FILE);
	ck_assert_int_eq(object.fd, -1);
	ck_assert(walker_next(walker, &object) == WALK_END);
	walker_free(walker);
	folder_remove(&folder);
}
END_TEST

TEST_MAIN("walker", files_of_all_folders_are_met_once, a_file_given_itself_is_met,
	what_is_no_regular_file_is_named_and_not_opened,
	special_files_given_themselves_do_not_block, a_path_that_is_not_there_is_an_error,
	kernel_file_systems_are_not_entered, patterns_exclude_by_path_and_by_name,
	a_folder_met_twice_is_entered_once, depth_costs_no_descriptors_and_no_stack,
	folders_beyond_the_depth_are_named, parents_closed_on_the_way_down_are_found_again,
	a_tree_removed_under_the_walk_ends_it_in_peace, names_of_any_bytes_are_kept,
	what_may_not_be_read_is_named, counting_opens_no_file)
