// Package roster reads lists of people as learning-management systems export them, and says what each is to be called. It knows no
// database.
package roster
