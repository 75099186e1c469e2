/**
 * What packages hold beside the programs: manual pages, completions, the image, the bill of materials. Called by {@code
 * scripts/package.sh}, and by nothing of the product.
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.packaging;
