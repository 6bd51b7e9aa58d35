#include "MutantSwitchC.h"
#include <stdio.h>
#include <stdlib.h>

enum { mutant_most = 1 << 16 };

int32_t mutant_active = 0;
uint8_t mutant_reached[mutant_most];

static void write_reached(void) {
  FILE *file = fopen(getenv("MUTANT_REACHED"), "wb");
  if (!file) return;
  fwrite(mutant_reached, 1, mutant_most, file);
  fclose(file);
}

__attribute__((constructor)) static void choose(void) {
  const char *number = getenv("MUTANT");
  if (number) mutant_active = atoi(number);
  if (getenv("MUTANT_REACHED")) atexit(write_reached);
}
