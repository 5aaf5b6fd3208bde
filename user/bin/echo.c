/* echo - prints its arguments, with blanks between; -n leaves the line open. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;
	int first = newline ? 1 : 2;

	for (int i = first; i < argc; i++) {
		if (i > first)
			putchar(' ');
		fputs(argv[i], stdout);
	}
	if (newline)
		putchar('\n');
	return fflush(stdout) == 0 ? 0 : 1;
}
