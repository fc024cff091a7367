package httpapi

// features register the operations, one function per feature, in the order of the document.
var features = []func(s *Server, a *api){
	(*Server).registerAccess,
	(*Server).registerLogin,
	(*Server).registerExport,
	(*Server).registerBoard,
	(*Server).registerReport,
	(*Server).registerVillage,
	(*Server).registerSuccession,
	(*Server).registerCases,
	(*Server).registerSync,
	(*Server).registerLedger,
	(*Server).registerSeals,
	(*Server).registerPublication,
	(*Server).registerStanding,
	(*Server).registerScheme,
	(*Server).registerMarket,
	(*Server).registerPhotos,
	(*Server).registerCounter,
	(*Server).registerStock,
	(*Server).registerPrint,
	(*Server).registerInbox,
	(*Server).registerSeason,
	(*Server).registerVoices,
	(*Server).registerAwards,
	(*Server).registerActivities,
}
