/* Prints where an ensemble sees each bodypart in one picture, with its uncertainty.
 *
 *   one_picture MEMBERS PICTURE.ppm [OPTION=VALUE...]
 *
 * A program that acquires pictures does the same with its own buffer, picture after picture. */
#include <posse/posse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads a binary PPM ("P6 WIDTH HEIGHT 255" and packed RGB); NULL if it is none. */
static unsigned char* read_ppm(const char* path, int* width, int* height) {
  FILE* file = fopen(path, "rb");
  unsigned char* pixels = NULL;
  if (file == NULL) return NULL;
  if (fscanf(file, "P6 %d %d 255", width, height) == 2 && fgetc(file) != EOF && *width > 0 &&
      *height > 0 && *width < 20000 && *height < 20000) {
    const size_t size = (size_t)*width * (size_t)*height * 3;
    pixels = malloc(size);
    if (pixels != NULL && fread(pixels, 1, size, file) != size) {
      free(pixels);
      pixels = NULL;
    }
  }
  fclose(file);
  return pixels;
}

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, posse_last_error());
  return 1;
}

int main(int argc, char** argv) {
  char options[1000] = "";
  posse_ensemble* ensemble = NULL;
  posse_image image = {.struct_size = sizeof image};
  posse_frame frame = {.struct_size = sizeof frame};
  unsigned char* pixels;
  if (argc < 3) {
    fprintf(stderr, "usage: %s MEMBERS PICTURE.ppm [OPTION=VALUE...]\n", argv[0]);
    return 2;
  }
  for (int i = 3; i < argc; ++i) {
    if (strlen(options) + strlen(argv[i]) + 2 > sizeof options) {
      fprintf(stderr, "the options are too long\n");
      return 2;
    }
    strcat(options, argv[i]);
    strcat(options, "\n");
  }
  pixels = read_ppm(argv[2], &image.width, &image.height);
  if (pixels == NULL) {
    fprintf(stderr, "%s: is no binary PPM\n", argv[2]);
    return 1;
  }
  image.pixels = pixels;

  if (posse_open(argv[1], options, &ensemble) != POSSE_OK) return fail("cannot open the members");
  if (posse_predict(ensemble, &image, &frame) != POSSE_OK) return fail("cannot predict");
  printf("bodypart,x,y,likelihood,std_x,std_y\n");
  for (size_t p = 0; p < frame.num_bodyparts; ++p) {
    const double* point = frame.keypoints + 3 * p;
    const double* spread = frame.spreads + 2 * p;
    printf("%s,%.17g,%.17g,%.17g,%.17g,%.17g\n", posse_bodypart(ensemble, p), point[0], point[1],
           point[2], spread[0], spread[1]);
  }
  posse_close(ensemble);
  free(pixels);
  return 0;
}
