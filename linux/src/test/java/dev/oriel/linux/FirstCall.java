package dev.oriel.linux;

/** A program that calls Linux once and says what came of it; a test starts it in a JVM of its own. */
final class FirstCall {
    private FirstCall() {}

    public static void main(String[] arguments) {
        try {
            System.out.println("closed: " + FileCalls.close(-1));
        } catch (UnsatisfiedLinkError refused) {
            System.out.println(refused.getMessage());
            System.exit(3);
        }
    }
}
