/* cat - copies files, or standard input, to standard output. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Returns 0, or -1 with errno set. */
static int copy(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t done = 0; done < n;) {
			ssize_t m = write(1, buf + done, (size_t)(n - done));

			if (m < 0)
				return -1;
			done += m;
		}
	}
	return n < 0 ? -1 : 0;
}

static int cat(const char *path)
{
	int fd = strcmp(path, "-") == 0 ? 0 : open(path, O_RDONLY);
	int result = fd < 0 ? -1 : copy(fd);

	if (result < 0)
		fprintf(stderr, "cat: %s: %s\n", path, strerror(errno));
	if (fd > 0)
		close(fd);
	return result;
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return cat("-") < 0 ? 1 : 0;
	for (int i = 1; i < argc; i++) {
		if (cat(argv[i]) < 0)
			status = 1;
	}
	return status;
}
